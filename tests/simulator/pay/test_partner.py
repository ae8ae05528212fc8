"""Tests of a service provider that places, queries, closes and refunds orders for a merchant."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from simulator.pay import moments
from simulator.world import openid_of
from tests.simulator.pay.conftest import APPID, MCHID, OPENID, REFUNDS, NotifyServer, Shop, refused

ORDERS = "/v3/pay/partner/transactions"
SUB, SUB_APPID = "1900000110", "wx8888888888888888"
NUMBER = "SP20260302100000001"
NAMED = f"sp_mchid={MCHID}&sub_mchid={SUB}"


@pytest.fixture
def provider(shop: Shop) -> Shop:
    """The merchant as a service provider of another one."""
    shop.sim("/merchants", {"mchid": SUB, "appids": [SUB_APPID]})
    shop.setup(sub_mchids=[SUB])
    return shop


def body(shop: Shop, **differently: Any) -> dict[str, Any]:
    made = {
        "sp_appid": APPID,
        "sp_mchid": MCHID,
        "sub_mchid": SUB,
        "description": "会员年卡",
        "out_trade_no": NUMBER,
        "notify_url": shop.notify_url,
        "amount": {"total": 10_000},
        "payer": {"sp_openid": OPENID},
        **differently,
    }
    return {name: value for name, value in made.items() if value is not None}


def order(shop: Shop, way: str = "jsapi", **differently: Any) -> Any:
    return shop.call("POST", f"{ORDERS}/{way}", body(shop, **differently))


def query(shop: Shop, named: str = NAMED) -> Any:
    return shop.call("GET", f"{ORDERS}/out-trade-no/{NUMBER}?{named}")


def sub_ledger(shop: Shop) -> Any:
    return shop.simulator.get(f"/merchants/{SUB}/ledger")


def test_the_money_is_the_served_merchants_and_the_notification_the_providers(
    provider: Shop, server: NotifyServer
) -> None:
    assert order(provider).json()["prepay_id"].startswith("wx")
    unpaid = query(provider).json()
    assert (unpaid["sp_mchid"], unpaid["sub_mchid"], unpaid["trade_state"]) == (MCHID, SUB, "NOTPAY")
    paid = provider.pay(NUMBER)
    (came,) = server.came
    provider.verify(came.headers, came.body)
    assert (came.plain["sp_appid"], came.plain["sp_mchid"], came.plain["sub_mchid"]) == (APPID, MCHID, SUB)
    assert came.plain["payer"] == {"sp_openid": OPENID}
    assert "mchid" not in came.plain
    by_id = provider.call("GET", f"{ORDERS}/id/{paid['transaction_id']}?{NAMED}").json()
    assert by_id == query(provider).json()
    assert by_id["trade_state"] == "SUCCESS"
    assert (provider.ledger()["balance"], sub_ledger(provider)["balance"]) == (0, 9_940)


def test_every_way_has_its_own_answer(provider: Shop) -> None:
    assert order(provider, "native", payer=None).json()["code_url"].startswith("weixin://")
    assert order(provider, "app", payer=None, out_trade_no="SP-app-01").json()["prepay_id"]
    scene = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    made = order(provider, "h5", payer=None, out_trade_no="SP-h5-001", scene_info=scene)
    assert "checkmweb" in made.json()["h5_url"]


def test_a_payer_is_known_by_both_appids(provider: Shop, server: NotifyServer) -> None:
    mine = {"sub_openid": openid_of(SUB_APPID, "rain-1")}
    assert order(provider, sub_appid=SUB_APPID, payer=mine).status_code == 200
    provider.pay(NUMBER, person="rain-1")
    payer = server.came[-1].plain["payer"]
    assert payer == {"sp_openid": openid_of(APPID, "rain-1"), **mine}


def test_an_order_is_closed_for_its_merchant_alone(provider: Shop) -> None:
    order(provider)
    at = f"{ORDERS}/out-trade-no/{NUMBER}/close"
    assert refused(provider.call("POST", at, {"sp_mchid": MCHID, "sub_mchid": "1"})) == (403, "NO_AUTH")
    assert refused(provider.close(NUMBER)) == (404, "ORDER_NOT_EXIST")
    assert provider.call("POST", at, {"sp_mchid": MCHID, "sub_mchid": SUB}).status_code == 204
    assert query(provider).json()["trade_state"] == "CLOSED"


def test_a_refund_takes_the_served_merchants_money(provider: Shop, server: NotifyServer) -> None:
    order(provider)
    provider.pay(NUMBER)
    more: dict[str, Any] = {"out_trade_no": NUMBER, "sub_mchid": SUB}
    assert refused(provider.refund(out_trade_no=NUMBER)) == (404, "RESOURCE_NOT_EXISTS")
    assert refused(provider.refund(out_trade_no=NUMBER, sub_mchid="1")) == (403, "NO_AUTH")
    assert provider.refund(**more).status_code == 200
    provider.settle(2)
    plain = server.came[-1].plain
    assert (plain["sp_mchid"], plain["sub_mchid"], plain["refund_status"]) == (MCHID, SUB, "SUCCESS")
    at = f"{REFUNDS}/RF20260302100000001"
    assert provider.call("GET", f"{at}?sub_mchid={SUB}").json()["status"] == "SUCCESS"
    assert refused(provider.call("GET", at)) == (404, "RESOURCE_NOT_EXISTS")
    assert sub_ledger(provider)["balance"] == 9_940 - 3_000 + 18
    assert provider.ledger()["balance"] == 0


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sp_mchid": "1"}, (400, "PARAM_ERROR")),
        ({"sp_appid": "wx0"}, (400, "APPID_MCHID_NOT_MATCH")),
        ({"sub_mchid": "1900000999"}, (403, "NO_AUTH")),
        ({"sub_mchid": None}, (400, "PARAM_ERROR")),
        ({"sub_appid": "wx0"}, (400, "APPID_MCHID_NOT_MATCH")),
        ({"payer": {}}, (400, "PARAM_ERROR")),
        ({"payer": {"openid": OPENID}}, (400, "PARAM_ERROR")),
        ({"payer": {"sub_openid": "oSub"}}, (400, "PARAM_ERROR")),
        ({"appid": APPID}, (400, "PARAM_ERROR")),
    ],
)
def test_an_order_that_cannot_be_is_refused(provider: Shop, changes: Any, expected: Any) -> None:
    assert refused(order(provider, **changes)) == expected


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (f"mchid={MCHID}", (400, "PARAM_ERROR")),
        (f"sp_mchid={MCHID}", (400, "PARAM_ERROR")),
        (f"sp_mchid=1&sub_mchid={SUB}", (400, "PARAM_ERROR")),
        (f"sp_mchid={MCHID}&sub_mchid=1", (403, "NO_AUTH")),
    ],
)
def test_a_query_that_names_others_is_refused(provider: Shop, named: str, expected: Any) -> None:
    order(provider)
    assert refused(query(provider, named)) == expected
    assert refused(provider.query(NUMBER)) == (404, "ORDER_NOT_EXIST")


def test_the_providers_bill_names_the_served_merchant(provider: Shop) -> None:
    order(provider)
    provider.pay(NUMBER)
    provider.order("SO20260302100000009")
    provider.pay("SO20260302100000009", openid=OPENID)
    day = moments.day(provider.simulator.get("/clock")["now"])
    provider.settle(2 * 86_400)

    def rows(more: str) -> list[list[str]]:
        applied = provider.call("GET", f"/v3/bill/tradebill?bill_date={day}{more}")
        target = applied.json()["download_url"].removeprefix(provider.simulator.base)
        lines = provider.call("GET", target).content.decode().splitlines()[1:-2]
        return [[value.removeprefix("`") for value in each] for each in csv.reader(lines)]

    assert sorted(each[3] for each in rows("")) == ["0", SUB]
    assert [each[3] for each in rows(f"&sub_mchid={SUB}")] == [SUB]
    assert refused(provider.call("GET", f"/v3/bill/tradebill?bill_date={day}&sub_mchid=1")) == (
        403,
        "NO_AUTH",
    )


def test_only_a_merchant_that_is_there_can_be_served(shop: Shop) -> None:
    answer = shop.simulator.session.post(
        f"{shop.simulator.base}/_sim/merchants", json={"mchid": MCHID, "sub_mchids": ["1"]}, timeout=30
    )
    assert answer.status_code == 400
    assert "sub_mchids" in answer.json()["error"]
