"""An account is set up as its owner does: copied, saved, checked, and left on its own page."""

import dataclasses
from collections.abc import Callable, Iterator

import pytest
import requests
from django.contrib.auth.models import User
from django_redis import get_redis_connection
from playwright.sync_api import Page, expect
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.callbacks import served
from tests.cast import Cast
from tests.platform import Platform
from tests.simulated import Simulated
from wechat.inbox import refusals

pytestmark = pytest.mark.django_db(transaction=True)

APPID, SECRET = "wx7d4e0123456789ab", "0123456789abcdef0123456789abcdef"
ORIGINAL = "gh_5c1e07ab93d2"


@pytest.fixture(autouse=True)
def _reachable(settings: Settings) -> Iterator[None]:
    get_redis_connection("default").flushdb()
    with served() as address:
        settings.PUBLIC_URL = address
        yield


def test_an_account_is_set_up_step_by_step(
    sign_in: Callable[[User], Page], staff: Cast, simulated: Simulated, settings: Settings
) -> None:
    """The server's address is not on the list at first, and the first verification has the wrong token."""
    known = OfficialAccount(appid=APPID, appsecret=SECRET, kind="service", slug="new-shop", mode="plain")
    simulated.create_account(known, ip_whitelist=["192.0.2.1"])
    page = sign_in(staff.superuser)
    page.goto("/admin/official/officialaccount/add/")
    page.get_by_label("名称", exact=True).fill("新店")
    page.get_by_label("短名称").fill("new-shop")
    address = f"{settings.PUBLIC_URL}/wechat/new-shop/callback"
    expect(page.get_by_text(address)).to_be_visible()
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("textbox", name="AppID").fill(APPID)
    page.locator("#id_new_appsecret").fill(SECRET)
    page.get_by_label("原始 ID").fill(ORIGINAL)
    page.get_by_role("button", name="保存并向微信核对").click()
    expect(page.get_by_text("请把 127.0.0.1 加入").first).to_be_visible()
    page.get_by_role("link", name="IP 白名单").click()
    simulated.create_account(known, ip_whitelist=["127.0.0.1"])
    page.get_by_role("button", name="重新向微信核对").click()
    expect(page.get_by_role("heading", name="这个公众号可以使用的接口")).to_be_visible()
    page.get_by_role("link", name="服务器配置").click()
    page.get_by_role("button", name="生成 Token 和 EncodingAESKey").click()
    shown = page.locator(".setup-values code")
    expect(shown).to_have_count(3)
    token, aes_key = shown.nth(1).inner_text(), shown.nth(2).inner_text()
    expect(page.get_by_text("还没有收到微信的请求")).to_be_visible()
    wechat = Platform(APPID, token, aes_key, ORIGINAL)
    _verify(address, dataclasses.replace(wechat, token="anothertoken"))
    expect(page.get_by_text("另一个 Token")).to_be_visible()
    _verify(address, wechat)
    expect(page.get_by_text("验证了地址")).to_be_visible()
    expect(page.get_by_text("另一个 Token")).to_have_count(0)
    push = wechat.safe(wechat.text("你好"))
    assert requests.post(address, push.body, params=push.query, timeout=60).text == "success"
    expect(page.get_by_text("收到并已接收")).to_be_visible()
    page.goto(page.url.replace("/server/", "/imports/"))
    page.get_by_role("link", name="完成").click()
    expect(page.get_by_role("link", name="接入向导")).to_be_visible()


def _verify(address: str, wechat: Platform) -> None:
    """Sends the request with which WeChat verifies the address when 提交 is pressed."""
    requests.get(address, {**wechat.plain("").query, "echostr": "1234567890"}, timeout=60)
    refusals.settle()
