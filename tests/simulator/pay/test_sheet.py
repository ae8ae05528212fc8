"""Tests of the phone's pay sheet: its checks, and the payment."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest
import requests
from Crypto.Hash import SHA256
from Crypto.Signature import pkcs1_15

from simulator.pay import v2_xml
from simulator.world import openid_of
from tests.simulator.pay.conftest import APPID, V2_KEY, VECTORS, Shop
from tests.simulator.pay.test_v2 import OldShop

PERSON = "rain-1"
PAYER = {"openid": openid_of(APPID, PERSON)}


def bridge(shop: Shop, prepay_id: str, appid: str = APPID, **changes: Any) -> dict[str, Any]:
    """Parameters a page gives to the bridge, signed before ``changes``."""
    params = {
        "appId": appid,
        "timeStamp": str(int(time.time())),
        "nonceStr": "e61463f8efa94090b1f366cccfbbb444",
    }
    params["package"] = f"prepay_id={prepay_id}"
    message = "".join(f"{each}\n" for each in params.values()).encode()
    sign = base64.b64encode(pkcs1_15.new(shop.key).sign(SHA256.new(message))).decode()
    return {**params, "signType": "RSA", "paySign": sign, **changes}


def show(shop: Shop, params: Any, page: str = "", what: str = "bridge") -> requests.Response:
    given = {"params": params, "page": page} if what == "bridge" else {"prepay": params}
    return post(shop, what, {"person": PERSON, **given})


def post(shop: Shop, what: str, given: dict[str, Any]) -> requests.Response:
    return shop.simulator.session.post(f"{shop.simulator.base}/phone/pay/{what}", json=given, timeout=30)


def refusal(answer: requests.Response) -> str:
    assert answer.status_code == 400
    return str(answer.json()["error"])


def test_the_sheet_shows_what_is_paid_and_to_whom(shop: Shop) -> None:
    prepay_id = shop.order(payer=PAYER).json()["prepay_id"]
    shown = show(shop, bridge(shop, prepay_id)).json()
    assert (shown["merchant"], shown["description"], shown["total"]) == ("青橙健身", "会员年卡", 10000)
    assert (shown["money"], shown["banks"][0]) == (1_000_000, "OTHERS")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"paySign": "AAAA"}, "the paySign is wrong"),
        ({"timeStamp": "1"}, "the paySign is wrong"),
        ({"timeStamp": 1772416800}, "timeStamp is missing or is no text"),
        ({"nonceStr": "n" * 33}, "nonceStr is longer than 32 characters"),
        ({"package": "wx123"}, "package does not begin with prepay_id="),
        ({"package": "prepay_id=wx123"}, "there is no such prepay_id or code"),
        ({"appId": "wx0000000000000000"}, "the appId is not that of the order"),
        ({"signType": "MD5"}, "signType must be RSA for this order"),
        ({"paySign": ""}, "paySign is missing or is no text"),
    ],
    ids=lambda each: str(each)[:30],
)
def test_wrong_parameters_are_refused(shop: Shop, changes: dict[str, Any], reason: str) -> None:
    prepay_id = shop.order(payer=PAYER).json()["prepay_id"]
    assert refusal(show(shop, bridge(shop, prepay_id, **changes))) == reason


def test_the_recorded_bridge_signature_of_v2_is_taken(shop: Shop) -> None:
    for method in v2_xml.METHODS:
        prepay_id = OldShop(shop, method).order(out_trade_no=f"SO-{method}", **PAYER)["prepay_id"]
        params = {**V2_PARAMS, "package": f"prepay_id={prepay_id}", "signType": method}
        params["paySign"] = v2_xml.sign(params, V2_KEY, method)
        assert show(shop, params).json()["total"] == 10000
        assert refusal(show(shop, {**params, "paySign": "0" * 32})) == "the paySign is wrong"
    vector = VECTORS["v2"]["jsapi_bridge"]
    assert v2_xml.sign(vector["params"], V2_KEY, "HMAC-SHA256") == vector["paySign_HMAC-SHA256"]


V2_PARAMS = {"appId": APPID, "timeStamp": "1772416800", "nonceStr": "e61463f8efa94090b1f366cccfbbb444"}


def test_a_page_outside_the_registered_directories_cannot_pay(shop: Shop) -> None:
    shop.setup(directories=["https://shop.example.com/h5/"])
    params = bridge(shop, shop.order(payer=PAYER).json()["prepay_id"])
    assert show(shop, params, "https://shop.example.com/h5/item/1").ok
    assert "not in a registered payment directory" in refusal(show(shop, params, "https://shop.example.com/"))


def test_the_right_password_pays_and_a_wrong_one_does_not(shop: Shop) -> None:
    prepay_id = shop.order(payer=PAYER).json()["prepay_id"]
    shown = show(shop, bridge(shop, prepay_id)).json()
    given = {"prepay": shown["prepay"], "person": PERSON, "password": "000000"}
    assert refusal(post(shop, "do", given)) == "the password is wrong"
    assert shop.query().json()["trade_state"] == "NOTPAY"
    assert post(shop, "do", {**given, "password": shown["password"], "bank": "CMB_CREDIT"}).ok
    assert shop.query().json()["bank_type"] == "CMB_CREDIT"
    assert refusal(post(shop, "do", {**given, "password": shown["password"]})) == "the order is paid already"


def test_a_limit_takes_ways_of_paying_away(shop: Shop) -> None:
    prepay_id = shop.order(payer=PAYER, limit_pay=["no_credit"]).json()["prepay_id"]
    shown = show(shop, bridge(shop, prepay_id)).json()
    assert shown["banks"] == ["OTHERS", "ICBC_DEBIT"]
    given = {"prepay": shown["prepay"], "person": PERSON, "password": shown["password"], "bank": "CMB_CREDIT"}
    assert refusal(post(shop, "do", given)) == "the merchant does not take this way of paying"


def test_somebody_elses_order_is_not_shown(shop: Shop) -> None:
    assert (
        refusal(show(shop, bridge(shop, shop.order().json()["prepay_id"])))
        == "the order belongs to somebody else"
    )


def test_a_code_is_scanned_by_anybody(shop: Shop) -> None:
    code = shop.order("SO-native-01", "native").json()["code_url"]
    assert show(shop, code, what="token").json()["total"] == 10000
    assert "not for MWEB" in refusal(show(shop, shop.order("SO-jsapi-001").json()["prepay_id"], what="token"))


def test_an_h5_address_lives_five_minutes_and_is_a_page(shop: Shop) -> None:
    url = shop.order("SO-h5-00001", "h5").json()["h5_url"]
    assert "cashier.js" in shop.simulator.session.get(url, timeout=30).text
    assert show(shop, url, what="token").ok
    shop.sim("/clock", {"advance": 300})
    assert refusal(show(shop, url, what="token")) == "the prepay_id is older than 5 minutes"


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"[" * 50_000])
def test_nonsense_is_refused(shop: Shop, body: bytes) -> None:
    for what in ("bridge", "token", "do"):
        url = f"{shop.simulator.base}/phone/pay/{what}"
        assert shop.simulator.session.post(url, data=body, timeout=30).status_code == 400
