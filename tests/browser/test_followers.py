"""Followers as staff meet them: found by a filter, tagged many at once, looked at, and put into a segment."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from accounts.followers.models import BulkJob, Follower, Segment, Tag
from tests.cast import Cast
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
LIST = "/admin/followers/follower/"


@pytest.fixture
def crowd(staff: Cast) -> list[Follower]:
    """Makes followers: 王女士 is a VIP; the others are nobody in particular."""
    rows = [Follower.objects.create(account=staff.ours, openid=f"oCrowd{number:03}") for number in range(5)]
    rows[0].remark = "王女士"
    rows[0].save()
    rows[0].tags.add(Tag.objects.create(account=staff.ours, name="VIP", platform_id=100))
    return rows


def test_a_filter_narrows_the_list(sign_in: SignIn, staff: Cast, crowd: list[Follower]) -> None:
    page = sign_in(staff.owner)
    page.goto(LIST)
    expect(page.locator("#result_list tbody tr")).to_have_count(5)
    page.locator("select[name=tag]").select_option(label="VIP")
    page.locator(".filter-bar button[type=submit]").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    expect(page.locator("#result_list")).to_contain_text("王女士")


def test_many_are_tagged_at_once_and_the_page_shows_how_far_it_is(
    sign_in: SignIn, staff: Cast, crowd: list[Follower]
) -> None:
    Tag.objects.create(account=staff.ours, name="展会", platform_id=101)
    page = sign_in(staff.owner)
    page.goto(f"{reverse('admin:followers_bulk')}?action=tag")
    expect(page.locator(".big-number strong")).to_have_text("5")
    page.locator("select[name=action]").select_option("tag")
    page.locator("select[name=tag]").select_option(label="展会")
    page.get_by_role("button", name="下一步").click()
    expect(page.locator(".effects li").first).to_be_visible()
    assert not BulkJob.objects.exists()
    page.get_by_role("button", name="确认执行").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
    work.run("followers.run_jobs")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "100")
    assert Follower.objects.filter(tags__name="展会").count() == 5


def test_a_remark_and_a_tag_are_kept_on_the_page_of_a_follower(
    sign_in: SignIn, staff: Cast, crowd: list[Follower]
) -> None:
    page = sign_in(staff.owner)
    page.goto(f"{LIST}{crowd[1].pk}/change/")
    page.locator("#id_remark").fill("李先生")
    page.get_by_label("VIP", exact=True).check()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", name="李先生").first).to_be_visible()
    kept = Follower.objects.get(pk=crowd[1].pk)
    assert (kept.remark, [tag.name for tag in kept.tags.all()]) == ("李先生", ["VIP"])


def test_a_segment_is_put_together_and_counts_while_it_is(
    sign_in: SignIn, staff: Cast, crowd: list[Follower]
) -> None:
    page = sign_in(staff.owner)
    page.goto(reverse("admin:followers_segment_add"))
    count = page.locator(".big-number strong")
    expect(count).to_have_text("5")
    page.locator("#id_name").fill("贵宾")
    page.get_by_role("button", name="添加条件").click()
    page.locator("select[name=c0-field]").select_option("tag")
    value = page.locator("[name=c0-value]")
    expect(value.locator("option", has_text="VIP")).to_have_count(1)
    value.select_option(label="VIP")
    expect(count).to_have_text("1")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("贵宾").first).to_be_visible()
    assert Segment.objects.get().name == "贵宾"


def test_an_action_asks_only_for_what_it_needs(sign_in: SignIn, staff: Cast, crowd: list[Follower]) -> None:
    page = sign_in(staff.owner)
    page.goto(reverse("admin:followers_bulk"))
    expect(page.get_by_label("标签", exact=True)).to_be_visible()
    expect(page.get_by_label("格式")).to_be_hidden()
    page.get_by_label("操作").select_option("导出为文件")
    expect(page.get_by_label("标签", exact=True)).to_be_hidden()
    expect(page.get_by_label("格式")).to_be_visible()
