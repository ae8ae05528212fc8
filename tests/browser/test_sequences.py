"""A sequence, written step by step, and its first message on the way."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from tests.cast import Cast
from wechat.campaigns.models import Enrolment, Sequence
from wechat.campaigns.sequences import enrolling
from wechat.kernel import work
from wechat.pushes import windows
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
LIST = "/admin/campaigns/sequence/"
OPENID = "oFollower000000000000000001"


def test_a_sequence_is_written_and_says_its_first_message(sign_in: SignIn, staff: Cast) -> None:
    page = sign_in(staff.owner)
    page.goto(f"{LIST}add/")
    page.locator("#id_name").fill("新粉丝")
    page.locator("#id_trigger").select_option("follow")
    page.locator("#id_enabled").check()
    page.get_by_text("再添加一个消息").click()
    page.locator("#id_steps-0-wait").fill("0")
    page.locator("#id_steps-0-kind").select_option("text")
    page.locator("#id_steps-0-text").fill("欢迎关注")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("link", name="新粉丝").first).to_be_visible()
    assert [step.content["content"] for step in Sequence.objects.get().steps.all()] == ["欢迎关注"]

    windows.grant(staff.ours, OPENID, windows.Trigger.FOLLOW, timezone.now())
    enrolling.start(staff.ours, OPENID, "follow", "test:1", at=timezone.now())
    Enrolment.objects.update(due_at=timezone.now())
    work.run("campaigns.run_sequences")
    assert Push.objects.get().content["content"] == "欢迎关注"
    page.goto(f"{LIST}{Sequence.objects.get().pk}/change/")
    page.get_by_role("link", name="效果与进行中的粉丝").click()
    expect(page.get_by_role("table").first).to_be_visible()
