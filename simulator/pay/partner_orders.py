"""The API of orders of a service provider for a merchant it serves: placing, querying, closing."""

from __future__ import annotations

from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.order_shapes import PARTNER_CLOSE, PARTNER_H5, PARTNER_JSAPI, PARTNER_NATIVE
from simulator.pay.ordering import h5_address, place
from simulator.pay.orders import close_order, description

ORDERS = "/v3/pay/partner/transactions"


@pay_api("POST", f"{ORDERS}/jsapi", strict=False)
def jsapi(call: Call) -> Answer:
    return {"prepay_id": place(call, "JSAPI", PARTNER_JSAPI)[1]}


@pay_api("POST", f"{ORDERS}/app", strict=False)
def app(call: Call) -> Answer:
    return {"prepay_id": place(call, "APP", PARTNER_NATIVE)[1]}


@pay_api("POST", f"{ORDERS}/native", strict=False)
def native(call: Call) -> Answer:
    order, _ = place(call, "NATIVE", PARTNER_NATIVE)
    return {"code_url": order.code}


@pay_api("POST", f"{ORDERS}/h5", strict=False)
def h5(call: Call) -> Answer:
    _, prepay_id = place(call, "MWEB", PARTNER_H5)
    return {"h5_url": h5_address(call.runtime, prepay_id)}


@pay_api("GET", f"{ORDERS}/out-trade-no/{{out_trade_no}}", strict=False)
def by_number(call: Call) -> Answer:
    return description(call, call.path["out_trade_no"], asked_for(call))


@pay_api("GET", f"{ORDERS}/id/{{transaction_id}}", strict=False)
def by_transaction(call: Call) -> Answer:
    number = call.merchant.transactions.get(call.path["transaction_id"], "")
    return description(call, number, asked_for(call))


@pay_api("POST", f"{ORDERS}/out-trade-no/{{out_trade_no}}/close", strict=False)
def close(call: Call) -> Answer:
    sub_mchid = call.read(PARTNER_CLOSE)["sub_mchid"]
    call.served(sub_mchid)
    close_order(call, sub_mchid)
    return None


def asked_for(call: Call) -> str:
    """Returns the mchid of the served merchant that a query names. Raises PARAM_ERROR, NO_AUTH."""
    call.must_own(call.asked("sp_mchid"))
    return call.served(call.asked("sub_mchid")).mchid
