"""Combined orders: one payment, several orders of several merchants."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.simulator.pay.conftest import APPID, MCHID, OPENID, ORDERS, NotifyServer, Shop, refused

COMBINED = "/v3/combine-transactions"
OTHER = "1900000110"
NUMBER = "CO20260302100000001"
FIRST, SECOND = "SUB-first-1", "SUB-second-2"


@pytest.fixture
def mall(shop: Shop) -> Shop:
    """A merchant whose orders are paid together with those of another one."""
    shop.sim("/merchants", {"mchid": OTHER, "appids": [APPID]})
    return shop


def sub_order(mchid: str = MCHID, number: str = FIRST, fen: int = 3_000, **more: Any) -> dict[str, Any]:
    amount = {"total_amount": fen, "currency": "CNY"}
    made = {"mchid": mchid, "out_trade_no": number, "attach": "x", "amount": amount, "description": "咖啡"}
    return {**made, **more}


def body(shop: Shop, **differently: Any) -> dict[str, Any]:
    made = {
        "combine_appid": APPID,
        "combine_mchid": MCHID,
        "combine_out_trade_no": NUMBER,
        "sub_orders": [sub_order(), sub_order(OTHER, SECOND, 7_000)],
        "combine_payer_info": {"openid": OPENID},
        "notify_url": shop.notify_url,
        **differently,
    }
    return {name: value for name, value in made.items() if value is not None}


def order(shop: Shop, way: str = "jsapi", **differently: Any) -> Any:
    return shop.call("POST", f"{COMBINED}/{way}", body(shop, **differently))


def query(shop: Shop, number: str = NUMBER) -> Any:
    return shop.call("GET", f"{COMBINED}/out-trade-no/{number}")


def close(shop: Shop, *subs: tuple[str, str], appid: str = APPID) -> Any:
    named = [{"mchid": mchid, "out_trade_no": number} for mchid, number in subs]
    return shop.call(
        "POST", f"{COMBINED}/out-trade-no/{NUMBER}/close", {"combine_appid": appid, "sub_orders": named}
    )


BOTH = ((MCHID, FIRST), (OTHER, SECOND))


def paid(shop: Shop) -> Any:
    return shop.sim("/pay", {"prepay": order(shop).json()["prepay_id"], "openid": OPENID})


def test_one_payment_pays_every_order_and_is_notified_once(mall: Shop, server: NotifyServer) -> None:
    states = [each["trade_state"] for each in query_after_order(mall)["sub_orders"]]
    assert states == ["NOTPAY", "NOTPAY"]
    assert paid(mall)["total"] == 10_000
    (came,) = server.came
    mall.verify(came.headers, came.body)
    assert came.envelope["event_type"] == "TRANSACTION.SUCCESS"
    assert came.plain["combine_out_trade_no"] == NUMBER
    assert came.plain["combine_payer_info"] == {"openid": OPENID}
    amounts = [each["amount"]["total_amount"] for each in came.plain["sub_orders"]]
    assert amounts == [3_000, 7_000]
    assert {each["trade_state"] for each in came.plain["sub_orders"]} == {"SUCCESS"}
    assert mall.ledger()["balance"] == 2_982
    assert mall.simulator.get(f"/merchants/{OTHER}/ledger")["balance"] == 6_958
    found = query(mall).json()
    assert found["combine_transaction_id"]
    assert found["sub_orders"][0]["promotion_detail"] == []


def query_after_order(shop: Shop) -> Any:
    assert order(shop).status_code == 200
    return query(shop).json()


def test_every_way_has_its_own_answer(mall: Shop) -> None:
    assert order(mall, "native", combine_payer_info=None).json()["code_url"].startswith("weixin://")
    one = [sub_order(number="SUB-app-1")]
    made = order(mall, "app", combine_out_trade_no="CO-app", combine_payer_info=None, sub_orders=one)
    assert made.json()["prepay_id"]
    scene = {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    one = [sub_order(number="SUB-h5-1")]
    more = {"combine_payer_info": None, "sub_orders": one, "scene_info": scene}
    assert "checkmweb" in order(mall, "h5", combine_out_trade_no="CO-h5", **more).json()["h5_url"]


def test_each_order_is_refunded_by_its_own_merchant(mall: Shop) -> None:
    paid(mall)
    amount = {"refund": 1_000, "total": 3_000, "currency": "CNY"}
    assert mall.refund(out_trade_no=FIRST, amount=amount).status_code == 200
    assert refused(mall.refund("RF2", out_trade_no=SECOND)) == (404, "RESOURCE_NOT_EXISTS")
    states = [each["trade_state"] for each in query(mall).json()["sub_orders"]]
    assert states == ["REFUND", "SUCCESS"]


def test_the_same_parameters_may_be_ordered_again_and_no_others(mall: Shop) -> None:
    first = order(mall).json()["prepay_id"]
    assert order(mall).json()["prepay_id"] != first
    assert refused(order(mall, sub_orders=[sub_order()])) == (400, "INVALID_REQUEST")
    paid(mall)
    assert refused(order(mall)) == (400, "ORDER_PAID")


def test_a_combined_order_is_closed_as_a_whole(mall: Shop) -> None:
    order(mall)
    assert refused(mall.close(FIRST)) == (400, "INVALID_REQUEST")
    assert refused(close(mall, BOTH[0])) == (400, "INVALID_REQUEST")
    assert refused(close(mall, *BOTH, appid="wx0")) == (400, "INVALID_REQUEST")
    assert close(mall, *BOTH).status_code == 204
    assert {each["trade_state"] for each in query(mall).json()["sub_orders"]} == {"CLOSED"}
    assert refused(order(mall)) == (400, "ORDER_CLOSED")


def test_a_paid_one_is_not_closed(mall: Shop) -> None:
    paid(mall)
    assert refused(close(mall, *BOTH)) == (400, "ORDER_PAID")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"combine_mchid": OTHER}, (400, "PARAM_ERROR")),
        ({"combine_appid": "wx0"}, (400, "APPID_MCHID_NOT_MATCH")),
        ({"sub_orders": []}, (400, "PARAM_ERROR")),
        ({"sub_orders": [sub_order("1")]}, (400, "MCH_NOT_EXISTS")),
        ({"sub_orders": [sub_order(), sub_order()]}, (400, "INVALID_REQUEST")),
        ({"sub_orders": [sub_order(sub_mchid=OTHER)]}, (403, "NO_AUTH")),
        ({"sub_orders": [sub_order(fen=0)]}, (400, "PARAM_ERROR")),
        ({"combine_payer_info": {}}, (400, "PARAM_ERROR")),
        ({"combine_payer_info": None}, (400, "PARAM_ERROR")),
        ({"time_expire": "tomorrow"}, (400, "PARAM_ERROR")),
        ({"time_start": "today"}, (400, "PARAM_ERROR")),
        ({"unknown": 1}, (400, "PARAM_ERROR")),
    ],
)
def test_a_combined_order_that_cannot_be_is_refused(mall: Shop, changes: Any, expected: Any) -> None:
    if changes.get("combine_payer_info", "") is None:
        changes = {**changes, "combine_payer_info": {"identity": {}}, "limit_pay": ["no_money"]}
    assert refused(order(mall, **changes)) == expected
    assert refused(query(mall)) == (404, "ORDER_NOT_EXIST")


def test_a_number_that_was_ordered_alone_is_not_combined(mall: Shop) -> None:
    mall.order(FIRST)
    assert refused(order(mall)) == (403, "OUT_TRADE_NO_USED")


def test_a_merchant_not_bound_to_the_appid_takes_no_part(mall: Shop) -> None:
    mall.sim("/merchants", {"mchid": OTHER, "appids": ["wx9999999999999999"]})
    assert refused(order(mall)) == (400, "APPID_MCHID_NOT_MATCH")


def test_a_service_provider_combines_orders_of_merchants_it_serves(mall: Shop, server: NotifyServer) -> None:
    mall.setup(sub_mchids=[OTHER])
    subs = [sub_order(sub_mchid=OTHER), sub_order(number=SECOND, fen=7_000)]
    mall.sim("/pay", {"prepay": order(mall, sub_orders=subs).json()["prepay_id"], "openid": OPENID})
    assert server.came[-1].plain["sub_orders"][0]["sub_mchid"] == OTHER
    assert mall.simulator.get(f"/merchants/{OTHER}/ledger")["balance"] == 2_982


def test_a_payment_that_the_money_does_not_cover_pays_none_of_the_orders(mall: Shop) -> None:
    mall.sim("/wallets", {"openid": OPENID, "balance": 9_999})
    prepay = order(mall).json()["prepay_id"]
    answer = mall.simulator.session.post(
        f"{mall.simulator.base}/_sim/pay", json={"prepay": prepay, "openid": OPENID}, timeout=30
    )
    assert answer.status_code == 400
    assert mall.ledger()["payments"] == []


def test_a_paid_order_is_found_by_its_own_transaction(mall: Shop) -> None:
    paid(mall)
    transaction = query(mall).json()["sub_orders"][0]["transaction_id"]
    found = mall.call("GET", f"{ORDERS}/id/{transaction}?mchid={MCHID}").json()
    assert found["out_trade_no"] == FIRST


def test_combined_orders_survive_saving(mall: Shop) -> None:
    paid(mall)
    state = mall.simulator.get("/state")
    mall.sim("/reset", {})
    mall.simulator.sim("/state", state, method="PUT")
    assert json.dumps(mall.simulator.get("/state")) == json.dumps(state)
    assert query(mall).json()["sub_orders"][0]["trade_state"] == "SUCCESS"
