"""Payment codes and red packets on the phone, in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from simulator.pay import v2_xml
from simulator.world import openid_of
from tests.simulator.conftest import APPID
from tests.simulator.pay.conftest import MCHID, V2_KEY, Shop
from tests.simulator.pay.test_payment_codes import charge
from tests.simulator.test_page import chromium

__all__ = ["chromium"]

PERSON, FRIEND = "rain-1", "sun-2"


@pytest.fixture
def phones(chromium: Page, shop: Shop) -> Page:
    """Two people who follow the account, each on a phone of their own."""
    shop.setup(appids=[*shop.described["appids"], APPID], balance=100_000)
    for person in (PERSON, FRIEND):
        openid = openid_of(APPID, person)
        shop.simulator.sim(f"/accounts/{APPID}/followers", {"openids": [openid]})
    kept = json.dumps(
        [{"person": each, "number": place, "appid": APPID} for place, each in enumerate((PERSON, FRIEND))]
    )
    chromium.goto(shop.simulator.base)
    chromium.evaluate(
        "kept => { localStorage.clear(); localStorage.setItem('simulator.phones', kept); }", kept
    )
    chromium.reload()
    return chromium


def phone(page: Page, name: str) -> Any:
    return page.get_by_role("region", name=f"{name}的手机")


def shown_code(page: Page) -> str:
    phone(page, "小雨").get_by_role("button", name="更多").click()
    phone(page, "小雨").get_by_role("button", name="付款码").click()
    digits = page.get_by_role("dialog", name="付款码").locator(".digits")
    return (digits.text_content() or "").replace(" ", "")


def test_the_code_on_the_phone_pays_and_the_password_is_asked_for_there(phones: Page, shop: Shop) -> None:
    answer = charge(shop, shown_code(phones), appid=APPID, amount={"total": 200_000})
    assert answer.json()["code"] == "USERPAYING"
    sheet = phone(phones, "小雨").get_by_role("dialog", name="支付")
    expect(sheet).to_contain_text("¥2000.00")
    assert phones.evaluate("document.documentElement.scrollWidth") <= 360
    sheet.get_by_role("button", name="立即支付").click()
    phones.keyboard.type("123456")
    expect(sheet).to_contain_text("支付成功")
    assert shop.query().json()["trade_state"] == "SUCCESS"


def test_who_closes_the_sheet_has_refused(phones: Page, shop: Shop) -> None:
    charge(shop, shown_code(phones), appid=APPID, amount={"total": 200_000})
    sheet = phone(phones, "小雨").get_by_role("dialog", name="支付")
    sheet.get_by_role("button", name="取消").click()
    expect(sheet).to_have_count(0)
    for _each in range(600):
        if shop.query().json()["trade_state"] == "PAYERROR":
            break
        phones.wait_for_timeout(100)
    assert shop.query().json()["trade_state"] == "PAYERROR"


def send(shop: Shop, count: int) -> None:
    fields = {
        "nonce_str": "n",
        "wxappid": APPID,
        "mch_id": MCHID,
        "mch_billno": "HB1",
        "send_name": "青橙健身",
        "re_openid": openid_of(APPID, PERSON),
        "total_amount": "1000",
        "total_num": str(count),
        "amt_type": "ALL_RAND",
        "wishing": "恭喜发财",
        "client_ip": "203.0.113.7",
        "act_name": "开业",
        "remark": "再来",
    }
    call = "sendredpack" if count == 1 else "sendgroupredpack"
    answer = shop.simulator.session.post(
        f"{shop.simulator.base}/mmpaymkttransfers/{call}",
        data=v2_xml.write({**fields, "sign": v2_xml.sign(fields, V2_KEY, "MD5")}).encode(),
        headers={"X-Client-Certificate": "merchant"},
        timeout=30,
    )
    assert v2_xml.read(answer.content)["result_code"] == "SUCCESS"


def test_a_red_packet_is_opened_in_the_chat(phones: Page, shop: Shop) -> None:
    send(shop, 1)
    phone(phones, "小雨").get_by_role("button", name="恭喜发财").click()
    opened = phones.get_by_role("dialog", name="红包")
    expect(opened).to_contain_text("青橙健身的红包")
    expect(opened).to_contain_text("¥10.00")


def test_a_red_packet_of_a_group_is_passed_on_by_its_link(phones: Page, shop: Shop) -> None:
    send(shop, 3)
    phone(phones, "小雨").get_by_role("button", name="恭喜发财").click()
    opened = phones.get_by_role("dialog", name="红包")
    expect(opened).to_contain_text("已领取 1 个，共 3 个")
    link = opened.get_by_label("发给别人的链接").input_value()
    opened.get_by_role("button", name="完成").click()
    friend = phone(phones, "阿杰")
    friend.get_by_role("button", name="更多").click()
    friend.get_by_role("button", name="扫一扫").click()
    phones.get_by_label("或粘贴二维码的场景值、ticket 或链接").fill(link)
    phones.get_by_role("button", name="扫描", exact=True).click()
    expect(phones.get_by_role("dialog", name="红包")).to_contain_text("已领取 2 个，共 3 个")
