"""Paying on the phone, in a real browser, with a page that knows nothing of simulators."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page, expect

from simulator.world import openid_of
from tests.simulator.conftest import APPID, Simulator
from tests.simulator.pay.conftest import NotifyServer, Shop
from tests.simulator.pay.test_sheet import bridge
from tests.simulator.test_page import chromium

__all__ = ["chromium"]

PERSON = "rain-1"
PAGE = """<!doctype html><html><head><title>会员年卡</title></head><body>
<button id="bridge">微信支付</button> <button id="sdk">JS-SDK 支付</button> <p id="result"></p>
<script>
const params = PARAMS, show = (text) => { document.getElementById("result").textContent = text; };
const call = () => WeixinJSBridge.invoke("getBrandWCPayRequest", params, (res) => show(res.err_msg));
document.getElementById("bridge").onclick = () =>
  typeof WeixinJSBridge === "undefined" ? document.addEventListener("WeixinJSBridgeReady", call) : call();
document.getElementById("sdk").onclick = () => {
  wx.config({ appId: params.appId, timestamp: 1, nonceStr: "n", signature: "s", jsApiList: ["chooseWXPay"] });
  const { timeStamp: timestamp, nonceStr, signType, paySign } = params, shown = (res) => show(res.errMsg);
  const pay = () => wx.chooseWXPay({ timestamp, nonceStr, package: params.package, signType, paySign,
    success: shown, cancel: shown, fail: shown });
  wx.ready(pay);
  wx.error(pay);  // the page's own signature is another test's business
};
</script></body></html>"""


@dataclass
class Till:
    """The shop's page, open on the phone of one person."""

    page: Page
    shop: Shop

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe[title=网页]")

    @property
    def sheet(self) -> Any:
        return self.page.get_by_role("dialog", name="支付")

    def result(self, text: str) -> None:
        expect(self.frame.locator("#result")).to_have_text(text)

    def open(self, button: str = "微信支付") -> None:
        self.frame.get_by_role("button", name=button, exact=True).click()


class ShopSite(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), ShopPage)
        self.html = ""
        self.base = f"http://127.0.0.1:{self.server_port}"


class ShopPage(BaseHTTPRequestHandler):
    server: ShopSite

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.server.html.encode())

    def log_message(self, *parts: object) -> None:
        """Logs nothing."""


@pytest.fixture
def shop_site(simulator: Simulator) -> Iterator[ShopSite]:
    site = ShopSite()
    threading.Thread(target=site.serve_forever, args=(0.02,), daemon=True).start()
    simulator.sim("/accounts", {"appid": APPID, "callback_url": f"{site.base}/wechat/demo/callback"})
    yield site
    site.shutdown()
    site.server_close()


@pytest.fixture
def till(chromium: Page, shop: Shop, shop_site: ShopSite, server: NotifyServer) -> Till:
    """The person follows the account, was sent a link to the shop, and tapped it."""
    simulator = shop.simulator
    shop.setup(appids=[*shop.described["appids"], APPID])
    openid = openid_of(APPID, PERSON)
    order = shop.order(appid=APPID, payer={"openid": openid}).json()["prepay_id"]
    shop_site.html = PAGE.replace("PARAMS", json.dumps(bridge(shop, order, APPID)))
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [openid]})
    simulator.event(openid, type="text", content="买年卡", attempts=1)
    assert simulator.say(f'<a href="{shop_site.base}/h5/item">去付款</a>', openid) == 0
    kept = json.dumps([{"person": PERSON, "number": 0, "appid": APPID}])
    chromium.goto(simulator.base)
    chromium.evaluate(
        "kept => { localStorage.clear(); localStorage.setItem('simulator.phones', kept); }", kept
    )
    chromium.reload()
    chromium.get_by_role("link", name="去付款").click()
    return Till(chromium, shop)


def test_a_page_is_paid_with_the_keyboard_alone(till: Till, server: NotifyServer) -> None:
    till.open()
    expect(till.sheet).to_contain_text("付款给青橙健身")
    expect(till.sheet).to_contain_text("¥100.00")
    till.page.keyboard.press("Enter")
    till.page.keyboard.type("12345")
    till.page.keyboard.press("Backspace")
    till.page.keyboard.type("56")
    expect(till.sheet).to_contain_text("支付成功")
    till.page.keyboard.press("Enter")
    till.result("get_brand_wcpay_request:ok")
    assert till.shop.query().json()["trade_state"] == "SUCCESS"
    for _each in range(600):
        if server.came:
            break
        till.page.wait_for_timeout(100)
    assert len(server.came) == 1


def test_the_js_sdk_pays_too_and_the_pad_takes_taps(till: Till) -> None:
    till.open("JS-SDK 支付")
    till.sheet.get_by_role("button", name="立即支付").click()
    for digit in "123456":
        till.sheet.get_by_role("button", name=digit, exact=True).click()
    till.sheet.get_by_role("button", name="完成").click()
    till.result("chooseWXPay:ok")


def test_leaving_the_sheet_is_a_cancellation(till: Till) -> None:
    till.open()
    till.sheet.get_by_role("button", name="取消").click()
    till.result("get_brand_wcpay_request:cancel")
    till.open()
    expect(till.sheet).to_be_visible()
    till.page.keyboard.press("Escape")
    expect(till.sheet).to_have_count(0)
    till.result("get_brand_wcpay_request:cancel")
    assert till.shop.query().json()["trade_state"] == "NOTPAY"


def test_a_wrong_password_and_an_empty_wallet_can_be_mended(till: Till) -> None:
    till.shop.sim("/wallets", {"person": PERSON, "balance": 1})
    till.open()
    till.sheet.get_by_role("button", name="立即支付").click()
    till.page.keyboard.type("000000")
    expect(till.sheet.get_by_role("alert")).to_have_text("支付密码错误，请重试")
    till.page.keyboard.type("123456")
    expect(till.sheet.get_by_role("alert")).to_have_text("零钱余额不足")
    till.sheet.get_by_label("付款方式").select_option("CMB_CREDIT")
    till.sheet.get_by_role("button", name="立即支付").click()
    till.page.keyboard.type("123456")
    expect(till.sheet).to_contain_text("支付成功")
    assert till.shop.query().json()["bank_type"] == "CMB_CREDIT"


def test_an_order_that_runs_out_meanwhile_fails(till: Till) -> None:
    till.open()
    till.sheet.get_by_role("button", name="立即支付").click()
    assert till.shop.close().status_code == 204
    till.page.keyboard.type("123456")
    expect(till.sheet.get_by_role("alert")).to_have_text("该订单已关闭")
    till.sheet.get_by_role("button", name="知道了").click()
    till.result("get_brand_wcpay_request:fail")


def test_wrong_parameters_are_shown_as_wechat_shows_them(till: Till, shop_site: ShopSite) -> None:
    shop_site.html = shop_site.html.replace('"paySign": "', '"paySign": "AAAA')
    till.page.get_by_role("button", name="关闭").click()
    till.page.get_by_role("link", name="去付款").click()
    till.open()
    expect(till.sheet.get_by_role("alert")).to_contain_text("支付验证签名失败")
    till.page.keyboard.press("Enter")
    till.result("get_brand_wcpay_request:fail")


def test_a_pasted_code_is_paid(till: Till) -> None:
    code = till.shop.order("SO-native-01", "native").json()["code_url"]
    till.page.get_by_role("button", name="关闭").click()
    till.page.get_by_role("button", name="更多").click()
    till.page.get_by_role("button", name="扫一扫").click()
    till.page.get_by_label("或粘贴二维码的场景值、ticket 或链接").fill(code)
    till.page.get_by_role("button", name="扫描", exact=True).click()
    till.sheet.get_by_role("button", name="立即支付").click()
    till.page.keyboard.type("123456")
    expect(till.sheet).to_contain_text("支付成功")


def test_an_h5_order_is_paid_at_the_cashier_which_leads_back(till: Till, shop_site: ShopSite) -> None:
    url = till.shop.order("SO-h5-00001", "h5").json()["h5_url"]
    till.page.goto(f"{url}&redirect_url={shop_site.base}/back")
    till.page.get_by_role("button", name="小雨").click()
    till.sheet.get_by_role("button", name="立即支付").click()
    till.page.keyboard.type("123456")
    till.sheet.get_by_role("button", name="完成").click()
    till.page.wait_for_url(f"{shop_site.base}/back")
    assert till.shop.query("SO-h5-00001").json()["trade_type"] == "MWEB"


def test_the_sheet_fits_a_narrow_screen(till: Till) -> None:
    till.open()
    till.sheet.get_by_role("button", name="立即支付").click()
    assert till.page.evaluate("document.documentElement.scrollWidth") <= 360
