"""Shipping of mini programs' orders, with the platform's error codes."""

from typing import Any

import pytest

from tests.simulator.conftest import APPID as OTHER
from tests.simulator.conftest import OWNER
from tests.simulator.pay.conftest import APPID, MCHID, OPENID, Shop

UPLOAD = "/wxa/sec/order/upload_shipping_info"
NUMBER = "SO20260302100000001"
PARCEL = {"item_desc": "手工皂", "tracking_no": "A1", "express_company": "YTO"}


@pytest.fixture
def paid(shop: Shop) -> dict[str, Any]:
    """A request that reports the paid order of a mini program as shipped."""
    shop.sim("/accounts", {**OWNER, "appid": APPID, "kind": "miniprogram"})
    shop.simulator.token = ""
    shop.order()
    shop.pay()
    token = shop.simulator.raw(
        "/cgi-bin/token", grant_type="client_credential", appid=APPID, secret=OWNER["secret"]
    )
    shop.simulator.token = token.json()["access_token"]
    return {
        "order_key": {"order_number_type": 1, "mchid": MCHID, "out_trade_no": NUMBER},
        "logistics_type": 1,
        "delivery_mode": 1,
        "shipping_list": [PARCEL],
        "upload_time": "2026-03-02T13:29:35.120+08:00",
        "payer": {"openid": OPENID},
    }


def plain(shop: Shop, body: dict[str, Any], **differently: Any) -> int:
    return shop.simulator.code(UPLOAD, {**body, **differently})


def test_it_is_told_once_and_corrected_once(shop: Shop, paid: dict[str, Any]) -> None:
    assert plain(shop, paid) == 0
    assert plain(shop, paid) == 10060023
    assert plain(shop, paid, shipping_list=[{**PARCEL, "tracking_no": "A2"}]) == 0
    assert plain(shop, paid, shipping_list=[{**PARCEL, "tracking_no": "A3"}]) == 10060003


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"order_key": {"order_number_type": 3}}, 268485194),
    ({"order_key": {"order_number_type": 2}}, 268485195),
    ({"order_key": {"order_number_type": 1, "out_trade_no": NUMBER}}, 268485196),
    ({"order_key": {"order_number_type": 1, "mchid": MCHID}}, 268485197),
    ({"order_key": {"order_number_type": 2, "transaction_id": "42000000"}}, 10060001),
    ({"payer": {"openid": "oSomebodyElse"}}, 10060031),
    ({"logistics_type": 5}, 10060005),
    ({"delivery_mode": 3}, 268485224),
    ({"shipping_list": [PARCEL, PARCEL]}, 268485228),
    ({"delivery_mode": 2}, 10060007),
    ({"delivery_mode": 2, "logistics_type": 3}, 10060006),
    ({"delivery_mode": 2, "is_all_delivered": True, "shipping_list": [PARCEL] * 16}, 10060024),
    ({"shipping_list": [{**PARCEL, "item_desc": ""}]}, 10060008),
    ({"shipping_list": [{**PARCEL, "item_desc": "皂" * 121}]}, 10060009),
    ({"shipping_list": [{**PARCEL, "tracking_no": ""}]}, 268485226),
    ({"shipping_list": [{**PARCEL, "tracking_no": "1" * 129}]}, 10060026),
    ({"shipping_list": [{**PARCEL, "express_company": ""}]}, 268485227),
    ({"shipping_list": [{**PARCEL, "express_company": "X" * 129}]}, 10060025),
    ({"shipping_list": [{**PARCEL, "express_company": "SF"}]}, 10060014),
    ({"upload_time": "1772429375"}, 268485216),
    ({"upload_time": "2026-03-02 13:29:35"}, 268485216),
]


def test_what_does_not_fit_is_refused_with_the_platforms_code(shop: Shop, paid: dict[str, Any]) -> None:
    found = [(differently, plain(shop, paid, **differently)) for differently, _code in REFUSED]
    assert found == REFUSED


def test_an_order_that_was_refunded_is_shipped_no_more(shop: Shop, paid: dict[str, Any]) -> None:
    shop.refund(fen=10000)
    shop.settle(2)
    assert plain(shop, paid) == 10060004


def test_it_is_for_mini_programs(shop: Shop, paid: dict[str, Any]) -> None:
    shop.sim("/accounts", {**OWNER, "appid": OTHER})
    shop.simulator.token = ""
    assert plain(shop, paid) == 48001


def test_the_carriers_are_named(shop: Shop, paid: dict[str, Any]) -> None:
    known = shop.simulator.call("/cgi-bin/express/delivery/open_msg/get_delivery_list", {})
    assert {"delivery_id": "SF", "delivery_name": "顺丰速运"} in known["delivery_list"]
    assert known["count"] == len(known["delivery_list"])
