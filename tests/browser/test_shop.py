"""Something is bought on the phone: the webview, the login, the pay sheet and the page that waits."""

import json
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import FrameLocator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.official.models import OfficialAccount
from payments.orders.models import Order
from payments.shop.access import address_of
from payments.shop.models import Item, ItemField
from simulator.world import openid_of
from tests.payments.simulated_merchants import create_merchant
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.sdk.transport import shared_session

pytestmark = pytest.mark.django_db(transaction=True)

PERSON = "rain-1"
MCHID = "1900000109"


@pytest.fixture
def item(
    account: OfficialAccount, simulated: Simulated, live_server: LiveServer, settings: Settings
) -> Iterator[Item]:
    settings.PUBLIC_URL = live_server.url
    settings.WECHAT_OPEN_BASE = simulated.base
    simulated.create_account(account, name=account.name)
    merchant = create_merchant(simulated, account, MCHID, name="青橙手工")
    item = Item.objects.create(account=account, merchant=merchant, title="手工课", price=9980, stock=3)
    ItemField.objects.create(item=item, kind="name", label="姓名")
    ItemField.objects.create(item=item, kind="choice", label="场次", choices="周六\n周日", position=1)
    yield item
    shared_session.cache_clear()


@pytest.fixture
def shop(page: Page, item: Item, simulated: Simulated) -> FrameLocator:
    """The item's page, opened on the phone of one person."""
    openid = openid_of(item.account.appid, PERSON)
    simulated.sim(f"/accounts/{item.account.appid}/followers", {"openids": [openid]})
    page.set_viewport_size({"width": 360, "height": 780})
    kept = json.dumps([{"person": PERSON, "number": 0, "appid": item.account.appid}])
    page.goto(simulated.base)
    page.evaluate("kept => { localStorage.clear(); localStorage.setItem('simulator.phones', kept); }", kept)
    page.reload()
    page.get_by_role("button", name="更多").click()
    page.get_by_role("button", name="扫一扫").click()
    page.get_by_label("或粘贴二维码的场景值、ticket 或链接").fill(address_of(item))
    page.get_by_role("button", name="扫描", exact=True).click()
    return page.frame_locator("iframe[title=网页]")


def fill_in(shop: FrameLocator) -> None:
    shop.get_by_role("link", name="立即购买").click()
    shop.get_by_label("姓名").fill("小雨")
    shop.get_by_label("场次").select_option("周日")
    shop.get_by_role("button", name="提交并付款").click()


def test_an_item_is_bought_and_paid_on_the_phone(page: Page, shop: FrameLocator) -> None:
    expect(shop.get_by_role("heading", name="手工课")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    fill_in(shop)
    # The sheet opens by itself; leaving it pays nothing, and the order waits.
    sheet = page.get_by_role("dialog", name="支付")
    expect(sheet).to_contain_text("¥99.80")
    sheet.get_by_role("button", name="取消").click()
    expect(shop.get_by_role("alert")).to_have_text("您还没有付款。")
    shop.get_by_role("button", name="微信支付").click()
    sheet.get_by_role("button", name="立即支付").click()
    page.keyboard.type("123456")
    expect(sheet).to_contain_text("支付成功")
    page.keyboard.press("Enter")
    expect(shop.get_by_role("heading", name="支付成功，谢谢")).to_be_visible()
    expect(shop.get_by_text("周日")).to_be_visible()
    order = Order.objects.get()
    assert (order.is_paid, order.sale.answers) == (True, [["姓名", "小雨"], ["场次", "周日"]])
    shop.get_by_role("link", name="我的订单").click()
    expect(shop.get_by_role("link", name="手工课")).to_contain_text("已支付")


def test_an_order_is_cancelled_and_its_piece_is_free(page: Page, shop: FrameLocator, item: Item) -> None:
    fill_in(shop)
    page.get_by_role("dialog", name="支付").get_by_role("button", name="取消").click()
    shop.get_by_role("button", name="取消订单").click()
    shop.get_by_role("button", name="不，保留").click()
    assert Order.objects.get().is_open
    shop.get_by_role("button", name="取消订单").click()
    shop.get_by_role("button", name="是，取消").click()
    expect(shop.get_by_role("heading", name="正在取消")).to_be_visible()
    work.run("orders.poll")
    expect(shop.get_by_role("heading", name="已取消，未付款")).to_be_visible()
    item.refresh_from_db()
    assert item.left == 3


def test_a_double_tap_on_paying_again_hits_no_other_button(page: Page, shop: FrameLocator) -> None:
    fill_in(shop)
    sheet = page.get_by_role("dialog", name="支付")
    sheet.get_by_role("button", name="取消").click()
    expect(shop.get_by_role("alert")).to_have_text("您还没有付款。")
    pay = shop.get_by_role("button", name="微信支付")
    before = pay.bounding_box()
    pay.dblclick(position={"x": 20, "y": 4})
    expect(sheet).to_contain_text("¥99.80")
    # The order is still to be paid, and while the sheet is open there is nothing else to press.
    assert Order.objects.get().state == "paying"
    assert pay.bounding_box() == before
    expect(shop.get_by_role("button", name="取消订单")).to_be_disabled()
    sheet.get_by_role("button", name="取消").click()
    expect(shop.get_by_role("button", name="取消订单")).to_be_enabled()
    assert pay.bounding_box() == before


def test_who_has_not_enough_money_is_told_and_may_try_again(
    page: Page, shop: FrameLocator, simulated: Simulated
) -> None:
    simulated.sim("/wallets", {"person": PERSON, "balance": 100})
    fill_in(shop)
    sheet = page.get_by_role("dialog", name="支付")
    sheet.get_by_role("button", name="立即支付").click()
    page.keyboard.type("123456")
    expect(sheet).to_contain_text("余额不足")
    page.keyboard.press("Escape")
    expect(shop.get_by_role("alert")).not_to_be_empty()
    expect(shop.get_by_role("button", name="微信支付")).to_be_enabled()
    assert not Order.objects.get().is_paid


def test_an_order_whose_time_is_over_says_so_and_takes_no_money(page: Page, shop: FrameLocator) -> None:
    fill_in(shop)
    page.get_by_role("dialog", name="支付").get_by_role("button", name="取消").click()
    expect(shop.get_by_role("alert")).to_have_text("您还没有付款。")
    Order.objects.update(expires_at=timezone.now())
    shop.get_by_role("button", name="微信支付").click()
    expect(shop.get_by_role("heading", name="正在取消")).to_be_visible()
    work.run("orders.poll")
    expect(shop.get_by_role("link", name="重新下单")).to_be_visible()
    assert not Order.objects.get().is_paid
