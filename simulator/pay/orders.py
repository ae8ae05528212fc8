"""The API of orders of a merchant itself: placing, querying, closing (pay reference 4.1, 4.2, 5.1, 5.2)."""

from __future__ import annotations

from simulator.pay import order_payloads, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError
from simulator.pay.order_shapes import CLOSE, H5, JSAPI, NATIVE
from simulator.pay.ordering import h5_address, place
from simulator.pay.records.orders import Order

ORDERS = "/v3/pay/transactions"


@pay_api("POST", f"{ORDERS}/jsapi", strict=False)
def jsapi(call: Call) -> Answer:
    return {"prepay_id": place(call, "JSAPI", JSAPI)[1]}


@pay_api("POST", f"{ORDERS}/app", strict=False)
def app(call: Call) -> Answer:
    return {"prepay_id": place(call, "APP", NATIVE)[1]}


@pay_api("POST", f"{ORDERS}/native", strict=False)
def native(call: Call) -> Answer:
    order, _ = place(call, "NATIVE", NATIVE)
    return {"code_url": order.code}


@pay_api("POST", f"{ORDERS}/h5", strict=False)
def h5(call: Call) -> Answer:
    _, prepay_id = place(call, "MWEB", H5)
    return {"h5_url": h5_address(call.runtime, prepay_id)}


@pay_api("GET", f"{ORDERS}/out-trade-no/{{out_trade_no}}", strict=False)
def by_number(call: Call) -> Answer:
    call.must_own(call.asked("mchid"))
    return description(call, call.path["out_trade_no"])


@pay_api("GET", f"{ORDERS}/id/{{transaction_id}}", strict=False)
def by_transaction(call: Call) -> Answer:
    call.must_own(call.asked("mchid"))
    return description(call, call.merchant.transactions.get(call.path["transaction_id"], ""))


def description(call: Call, number: str, sub_mchid: str = "") -> Answer:
    """Returns the payload of an order's query. Raises ORDER_NOT_EXIST."""
    order = call.merchant.orders.get(number)
    if order is None or not order.terms or order.sub_mchid != sub_mchid:
        raise PayError("ORDER_NOT_EXIST")
    return order_payloads.description(call.merchant, order, call.now)


@pay_api("POST", f"{ORDERS}/out-trade-no/{{out_trade_no}}/close", strict=False)
def close(call: Call) -> Answer:
    call.read(CLOSE)
    close_order(call)
    return None


def close_order(call: Call, sub_mchid: str = "") -> None:
    """Closes an order; an unknown number is closed too, and cannot be used any more (pay reference 5.2)."""
    number = call.path["out_trade_no"]
    order = call.merchant.orders.get(number) or Order(number, made_at=call.now, sub_mchid=sub_mchid)
    if order.sub_mchid != sub_mchid:
        raise PayError("ORDER_NOT_EXIST")
    if order.combined:
        raise PayError("INVALID_REQUEST", texts.CLOSE_COMBINED)
    if order.paid_at:
        raise PayError("ORDER_PAID")
    order.state = "CLOSED"
    call.merchant.orders[number] = order
