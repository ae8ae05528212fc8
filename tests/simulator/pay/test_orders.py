"""Tests of placing, querying and closing orders, as a merchant's server does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import Simulator
from tests.simulator.pay.conftest import APPID, MCHID, OPENID, ORDERS, Shop, refused

NUMBER = "SO20260302100000001"


def test_an_order_is_answered_with_a_prepay_id_and_signed(shop: Shop) -> None:
    answer = shop.order()
    assert answer.status_code == 200
    assert answer.json()["prepay_id"].startswith("wx")
    assert shop.verify(answer.headers, answer.content) == shop.described["platform"]["public_key_id"]


def test_every_way_has_its_own_answer(shop: Shop) -> None:
    assert shop.order("SO-native-1", "native").json()["code_url"].startswith("weixin://wxpay/bizpayurl?pr=")
    assert "/checkmweb?prepay_id=wx" in shop.order("SO-h5-0001", "h5").json()["h5_url"]
    assert list(shop.order("SO-app-0001", "app").json()) == ["prepay_id"]


def test_an_unpaid_order_is_told_in_its_own_shape(shop: Shop) -> None:
    shop.order()
    assert shop.query().json() == {
        "amount": {"payer_currency": "CNY", "total": 10000},
        "appid": APPID,
        "mchid": MCHID,
        "out_trade_no": NUMBER,
        "promotion_detail": [],
        "scene_info": {"device_id": ""},
        "trade_state": "NOTPAY",
        "trade_state_desc": "订单未支付",
    }


def test_a_paid_order_is_found_by_both_numbers(shop: Shop) -> None:
    shop.order()
    paid = shop.pay(openid=OPENID)
    plain = shop.query().json()
    assert plain == shop.call("GET", f"{ORDERS}/id/{paid['transaction_id']}?mchid={MCHID}").json()
    assert plain["trade_state"] == "SUCCESS"
    assert len(plain["transaction_id"]) == 28
    assert plain["payer"] == {"openid": OPENID}
    assert plain["amount"] == {
        "total": 10000,
        "payer_total": 10000,
        "currency": "CNY",
        "payer_currency": "CNY",
    }
    assert shop.ledger()["paid"] == 10000


def test_a_coupon_is_told_as_a_promotion(shop: Shop) -> None:
    shop.order()
    shop.pay(openid=OPENID, coupon=1000)
    plain = shop.query().json()
    assert plain["amount"]["payer_total"] == 9000
    assert plain["promotion_detail"][0]["amount"] == 1000


def test_an_unknown_order_is_404(shop: Shop) -> None:
    assert refused(shop.query("SO-nobody-knows")) == (404, "ORDER_NOT_EXIST")
    assert refused(shop.call("GET", f"{ORDERS}/id/4200?mchid={MCHID}")) == (404, "ORDER_NOT_EXIST")


def test_the_same_parameters_may_be_ordered_again_in_any_order(shop: Shop) -> None:
    body = shop.order_body(NUMBER)
    first = shop.call("POST", f"{ORDERS}/jsapi", body).json()["prepay_id"]
    again = shop.call("POST", f"{ORDERS}/jsapi", dict(reversed(body.items()))).json()["prepay_id"]
    assert again != first
    assert shop.sim("/pay", {"prepay": f"prepay_id={first}", "openid": OPENID})["total"] == 10000


@pytest.mark.parametrize(
    "change",
    [
        {"amount": {"total": 1, "currency": "CNY"}},
        {"payer": {"openid": "oSomebodyElse"}},
        {"attach": "shop=2"},
    ],
    ids=["amount", "payer", "attach"],
)
def test_another_parameter_is_refused(shop: Shop, change: dict[str, Any]) -> None:
    shop.order()
    assert refused(shop.order(**change)) == (400, "INVALID_REQUEST")
    shop.sim("/pay/settings", {"reused_number": "documented"})
    assert refused(shop.order(**change)) == (403, "OUT_TRADE_NO_USED")


def test_another_way_is_another_parameter(shop: Shop) -> None:
    shop.order(NUMBER, "native")
    assert refused(shop.order(NUMBER, "app")) == (400, "INVALID_REQUEST")


def test_a_renewed_qr_code_ends_the_one_before(shop: Shop, simulator: Simulator) -> None:
    first, second = (shop.order(NUMBER, "native").json()["code_url"] for _ in range(2))
    assert (
        simulator.session.post(
            f"{simulator.base}/_sim/pay", json={"prepay": first, "person": "rain"}, timeout=30
        ).status_code
        == 400
    )
    assert shop.sim("/pay", {"prepay": second, "person": "rain"})["trade_type"] == "NATIVE"


def test_a_paid_order_cannot_be_ordered_or_closed(shop: Shop) -> None:
    shop.order()
    shop.pay(openid=OPENID)
    assert refused(shop.order()) == (400, "ORDER_PAID")
    assert refused(shop.close()) == (400, "ORDER_PAID")


def test_closing_is_a_signed_204_and_may_be_repeated(shop: Shop) -> None:
    shop.order()
    for _ in range(2):
        answer = shop.close()
        assert (answer.status_code, answer.content) == (204, b"")
        shop.verify(answer.headers, b"")
    assert shop.query().json()["trade_state"] == "CLOSED"
    assert refused(shop.order()) == (400, "ORDER_CLOSED")


def test_closing_a_number_never_ordered_burns_it(shop: Shop) -> None:
    assert shop.close().status_code == 204
    assert refused(shop.query()) == (404, "ORDER_NOT_EXIST")
    assert refused(shop.order()) == (400, "INVALID_REQUEST")


def test_an_order_runs_out_and_after_a_week_is_closed(shop: Shop) -> None:
    shop.order(time_expire="2020-01-01T00:00:00+08:00")
    prepay = shop.order(time_expire="2020-01-01T00:00:00+08:00").json()["prepay_id"]
    shop.sim("/clock", {"advance": 61})
    assert shop.query().json()["trade_state"] == "NOTPAY"
    assert refused(shop.order(time_expire="2020-01-01T00:00:00+08:00")) == (400, "ORDER_CLOSED")
    assert not pays(shop, prepay)
    shop.sim("/clock", {"advance": 7 * 86_400})
    assert shop.query().json()["trade_state"] == "CLOSED"


def test_a_prepay_id_lives_two_hours_whatever_the_order_says(shop: Shop) -> None:
    prepay = shop.order().json()["prepay_id"]
    shop.sim("/clock", {"advance": 7200})
    assert not pays(shop, prepay)
    assert pays(shop, shop.order().json()["prepay_id"])


def pays(shop: Shop, prepay: str) -> bool:
    url = f"{shop.simulator.base}/_sim/pay"
    return shop.simulator.session.post(url, json={"prepay": prepay, "openid": OPENID}, timeout=30).ok


def test_somebody_else_cannot_pay_and_nobody_pays_without_money(shop: Shop) -> None:
    prepay = shop.order().json()["prepay_id"]
    url = f"{shop.simulator.base}/_sim/pay"
    other = shop.simulator.session.post(url, json={"prepay": prepay, "openid": "oSomebodyElse"}, timeout=30)
    assert other.json() == {"error": "the order belongs to somebody else"}
    shop.sim("/wallets", {"openid": OPENID, "balance": 9999})
    poor = shop.simulator.session.post(url, json={"prepay": prepay, "openid": OPENID}, timeout=30)
    assert poor.json() == {"error": "there is not enough money"}
    assert shop.query().json()["trade_state"] == "NOTPAY"


WRONG = {
    "zero": {"amount": {"total": 0, "currency": "CNY"}},
    "negative": {"amount": {"total": -1}},
    "fraction": {"amount": {"total": 1.5}},
    "text": {"amount": {"total": "100"}},
    "true": {"amount": {"total": True}},
    "null": {"attach": None},
    "currency": {"amount": {"total": 1, "currency": "USD"}},
    "short number": {"out_trade_no": "SO1"},
    "odd number": {"out_trade_no": "SO2026/0001"},
    "long description": {"description": "长" * 128},
    "no description": {"description": ""},
    "query in the address": {"notify_url": "https://shop.example.com/n?a=1"},
    "odd address": {"notify_url": "ftp://shop.example.com/n"},
    "no time": {"time_expire": "tomorrow"},
    "time without offset": {"time_expire": "2026-03-02T10:00:00"},
    "unknown limit": {"limit_pay": ["no_money"]},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_a_parameter_that_does_not_fit_is_named(shop: Shop, change: dict[str, Any]) -> None:
    answer = shop.order(**change)
    assert refused(answer) == (400, "PARAM_ERROR")
    assert answer.json()["detail"]["field"].startswith("/" + next(iter(change)))
    assert shop.ledger()["orders"] == {}


def test_unknown_fields_are_refused_with_their_places(shop: Shop) -> None:
    answer = shop.order(NUMBER, "native", payer={"openid": OPENID})
    assert answer.json() == {
        "code": "PARAM_ERROR",
        "detail": {"location": None, "value": ["/body/payer/openid"]},
        "message": "请求中含有未在API文档中定义的参数",
    }


def test_appid_and_merchant_must_be_the_callers(shop: Shop) -> None:
    assert refused(shop.order(appid="wx0000000000000000")) == (400, "APPID_MCHID_NOT_MATCH")
    assert refused(shop.order(mchid="1900000110")) == (400, "PARAM_ERROR")
    assert refused(shop.call("GET", f"{ORDERS}/out-trade-no/{NUMBER}?mchid=1900000110")) == (
        400,
        "PARAM_ERROR",
    )
    assert refused(shop.call("GET", f"{ORDERS}/out-trade-no/{NUMBER}")) == (400, "PARAM_ERROR")


@pytest.mark.parametrize("outcome", ["cancel", "fail", "open"])
def test_who_opens_the_sheet_need_not_pay(shop: Shop, outcome: str) -> None:
    shop.order()
    texts = shop.pay(openid=OPENID, outcome=outcome)
    assert texts["err_msg"] in ("", f"get_brand_wcpay_request:{outcome}")
    assert shop.query().json()["trade_state"] == "NOTPAY"


def test_a_payment_can_overtake_a_closing(shop: Shop) -> None:
    shop.order()
    shop.close()
    shop.pay(openid=OPENID, late=True)
    assert shop.query().json()["trade_state"] == "SUCCESS"
    assert refused(shop.close()) == (400, "ORDER_PAID")
