"""A sequence, put together on its timeline with a branch, tried out for a person, and on its way."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.followers.models import Follower, Tag
from tests.cast import Cast
from wechat.campaigns.models import Sequence
from wechat.campaigns.sequences import enrolling
from wechat.kernel import work
from wechat.pushes import windows
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
LIST = "/admin/campaigns/sequence/"
OPENID = "oFollower000000000000000001"


def add(page: Page, place: str, kind: str) -> None:
    """Opens the panel of a new step by the button at its place."""
    page.locator("summary", has_text=f"添加步骤：{place}").click()
    page.locator("details[open]").get_by_role("link", name=kind, exact=True).click()
    expect(page.locator("#edit")).to_be_visible()
    # What follows the choices is a script that comes last.
    page.wait_for_load_state("load")


def save(page: Page) -> None:
    page.locator("#edit").get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("#edit")).to_have_count(0)


def test_a_sequence_with_a_branch_is_put_together_tried_out_and_runs(sign_in: SignIn, staff: Cast) -> None:
    Tag.objects.create(account=staff.ours, name="会员", platform_id=100)
    Follower.objects.create(
        account=staff.ours, openid=OPENID, subscribed=True, remark="小王", last_seen_at=timezone.now()
    )
    page = sign_in(staff.owner)
    page.goto(f"{LIST}add/")
    page.locator("#id_name").fill("新粉丝")
    page.locator("#id_trigger").select_option("tag")
    expect(page.locator("#id_tag")).to_be_visible()
    page.locator("#id_trigger").select_option("follow")
    expect(page.locator("#id_tag")).to_be_hidden()
    page.get_by_role("button", name="保存", exact=True).click()

    add(page, "最前面", "消息")
    page.locator("#id_text").fill("欢迎关注")
    save(page)
    add(page, "第 1 步之后", "分支")
    page.locator("[name=c0-field]").select_option("tag")
    expect(page.locator("[name=c0-value]")).to_be_visible()
    save(page)
    add(page, "第 2 步“否”的最前面", "消息")
    page.locator("#id_text").fill("成为会员")
    save(page)
    add(page, "第 2 步“是”的最前面", "在此结束")
    save(page)
    # By the keyboard: the message goes to the beginning again after it was moved behind the branch.
    page.get_by_role("button", name="下移第 1 步").press("Enter")
    expect(page.locator(".timeline > .steps > li").first.locator(".step-branch")).to_be_visible()
    page.get_by_role("button", name="上移第 4 步").press("Enter")
    expect(page.locator(".timeline > .steps > li").first).to_contain_text("欢迎关注")

    page.get_by_role("link", name="模拟运行…").click()
    page.get_by_role("button", name="选择粉丝…").click()
    page.get_by_role("option", name="小王").click()
    page.get_by_role("button", name="查看会发生什么").click()
    expect(page.locator(".dry-run")).to_contain_text("走“否”")
    expect(page.locator(".dry-run")).to_contain_text("成为会员")
    assert not Push.objects.exists()

    page.get_by_role("link", name="时间线").click()
    page.get_by_role("button", name="开启").click()
    expect(page.get_by_text("已开启", exact=False).first).to_be_visible()
    assert Sequence.objects.get().enabled
    windows.grant(staff.ours, OPENID, windows.Trigger.MESSAGE, timezone.now())
    enrolling.start(staff.ours, OPENID, "follow", "test:1", at=timezone.now())
    work.run("campaigns.run_sequences")
    sent = [push.content["content"] for push in Push.objects.order_by("pk")]
    assert sent == ["欢迎关注", "成为会员"]
    page.reload()
    page.get_by_role("link", name="否 1", exact=True).click()
    expect(page.get_by_role("table")).to_contain_text("小王")
