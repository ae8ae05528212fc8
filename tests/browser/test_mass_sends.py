"""A mass send: previewed on a phone, confirmed with the numbers in sight."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from accounts.approvals.models import ApprovalLimit
from tests.campaigns.mass_cast import followers, received, run_due
from tests.cast import Cast
from tests.simulated import Simulated
from wechat.campaigns.models import MassPreview, MassSend

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[User], Page]
LIST = "/admin/campaigns/masssend/"


def test_a_text_is_previewed_and_sent_to_everybody_after_two_confirmations(
    sign_in: SignIn, staff: Cast, known: Simulated
) -> None:
    ApprovalLimit.objects.create(account=staff.ours, action="mass_send", role="owner", alone_up_to=None)
    followers(staff.ours, known, 3)
    page = sign_in(staff.owner)
    page.goto(f"{LIST}add/")
    page.locator("#id_name").fill("周末会员日")
    page.locator("#id_target").select_option("all")
    page.locator("#id_kind").select_option("text")
    page.locator("#id_text").fill("到店有礼")
    page.get_by_role("button", name="保存并继续编辑").click()
    page.get_by_role("link", name="手机预览").click()
    page.get_by_label("微信号").fill("linxiao")
    # Whoever clicks twice sends once.
    page.get_by_role("button", name="发送预览").dblclick()
    expect(page.get_by_text("linxiao").first).to_be_visible()
    assert MassPreview.objects.get().wechat_id == "linxiao"
    page.get_by_role("link", name="查看人数并发送…").click()
    page.get_by_role("button", name="发给全部粉丝…").click()
    assert MassSend.objects.get().state == "draft"
    page.get_by_label("此操作无法撤销").fill("所有人")
    page.get_by_role("button", name="确定，发给全部 3 位粉丝").click()
    expect(page.get_by_role("link", name="查看人数并发送…")).to_have_count(0)
    run_due()
    assert len(received(staff.ours, known, of=3)) == 3
    # It shows what the worker did by itself.
    expect(page.locator(".mass-parts tbody tr")).to_have_count(1)


def test_the_speed_is_chosen_and_told(sign_in: SignIn, staff: Cast, known: Simulated) -> None:
    page = sign_in(staff.owner)
    page.goto(LIST)
    page.get_by_role("link", name="群发速度").click()
    page.get_by_label("每分钟 10 万").check()
    page.get_by_role("button", name="在微信设置").click()
    expect(page.get_by_label("每分钟 10 万")).to_be_checked()
    expect(page.get_by_text("每分钟 100,000 条")).to_be_visible()
