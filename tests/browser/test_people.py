"""People as staff meet them: with a face and a name, picked from a window, never typed."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.followers.handles import handle
from accounts.followers.models import Follower, OwnWeChat, Tag
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]


@pytest.fixture
def people(staff: Cast) -> None:
    now = timezone.now()
    vip = Tag.objects.create(account=staff.ours, name="VIP")
    for openid, remark in (("oMine", "小林"), ("oVip", "王女士"), ("oNobody", "")):
        Follower.objects.create(account=staff.ours, openid=openid, remark=remark, last_seen_at=now)
    Follower.objects.get(openid="oVip").tags.add(vip)
    OwnWeChat.objects.create(user=staff.editor, account=staff.ours, openid="oMine")


@pytest.mark.usefixtures("people")
def test_a_follower_is_picked_for_the_rule_tester(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    page.goto(reverse("admin:replies_tester"))
    page.get_by_role("button", name="选择粉丝…").click()
    window = page.get_by_role("dialog")
    expect(window.locator(".picker-choice").first).to_contain_text("我（小林）")
    expect(window.locator(".picker-choice")).to_have_count(3)
    window.get_by_role("searchbox").fill(handle("oNobody"))
    expect(window.locator(".picker-choice")).to_have_count(1)
    window.get_by_role("searchbox").fill("")
    window.get_by_label("标签").select_option(label="VIP")
    expect(window.locator(".picker-choice")).to_have_count(1)
    window.get_by_role("option", name="王女士").click()
    expect(page.locator(".pick-person")).to_have_text("王女士")
    page.get_by_label("文字").fill("在吗")
    page.get_by_role("button", name="试一试").click()
    expect(page.locator(".pick-person")).to_have_text("王女士")
    assert "openid=oVip" in page.url


@pytest.mark.usefixtures("people")
def test_a_picked_person_is_taken_away_again(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.editor)
    page.goto(f"{reverse('admin:replies_tester')}?what=text&value=a&openid=oVip")
    expect(page.locator(".pick-person")).to_have_text("王女士")
    page.get_by_role("button", name="不选").click()
    expect(page.locator(".pick-person")).to_be_hidden()
    expect(page.locator("#id_openid")).to_have_value("")
