"""Browser tests of pending work on all pages: in the navigation, in the tab, and as notifications."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.official.models import OfficialAccount
from tests.cast import Cast
from wechat.desk.models import Thread

pytestmark = pytest.mark.django_db(transaction=True)

# A browser without a screen shows no notification: what would be shown is kept instead.
NOTIFICATIONS = """
window.notified = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { return (this.permission = "granted"); }
  constructor(title, options) { window.notified.push([title, options.tag]); }
  addEventListener() {}
};
"""


def _thread(account: OfficialAccount, openid: str) -> None:
    now = timezone.now()
    Thread.objects.create(account=account, openid=openid, newest_id=1, newest_at=now, waiting_since=now)


def test_the_numbers_rise_and_fall_while_the_page_is_open(
    staff: Cast, page: Page, sign_in: Callable[[User], Page]
) -> None:
    page.clock.install()
    _thread(staff.ours, "oFirst")
    sign_in(staff.service)
    desk = page.get_by_role("link", name="客服工作台")
    waiting = page.get_by_role("link", name="待我处理")
    expect(desk.locator(".todo-badge")).to_have_text("1")
    expect(waiting.locator(".todo-badge")).to_have_text("1")
    expect(page).to_have_title("(1) 概览 | WeChat Console")
    _thread(staff.ours, "oSecond")
    page.clock.run_for(31_000)
    expect(desk.locator(".todo-badge")).to_have_text("2")
    expect(page).to_have_title("(2) 概览 | WeChat Console")
    Thread.objects.all().delete()
    page.clock.run_for(31_000)
    expect(desk.locator(".todo-badge")).to_have_count(0)
    expect(page).to_have_title("概览 | WeChat Console")


def test_a_device_tells_what_is_new_once_its_owner_agreed(
    staff: Cast, page: Page, sign_in: Callable[[User], Page]
) -> None:
    page.clock.install()
    page.add_init_script(NOTIFICATIONS)
    sign_in(staff.service)
    page.get_by_role("link", name="待我处理").click()
    expect(page.get_by_text("没有需要您处理的事")).to_be_visible()
    _thread(staff.ours, "oBefore")
    page.clock.run_for(31_000)
    expect(page).to_have_title("(1) 待我处理 | WeChat Console")
    assert page.evaluate("notified") == []
    page.get_by_role("button", name="有新的待处理事项时在本机通知我").click()
    expect(page.get_by_text("只要浏览器里开着本控制台")).to_be_visible()
    _thread(staff.ours, "oAfter")
    page.clock.run_for(31_000)
    expect(page).to_have_title("(2) 待我处理 | WeChat Console")
    assert page.evaluate("notified") == [["会话等待回复", f"{staff.ours.pk}:desk.waiting"]]
