"""The API of combined orders: orders of one or more merchants, which a person pays at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.pay import combined_payloads, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.order_shapes import COMBINE_CLOSE, COMBINE_H5, COMBINE_JSAPI, COMBINE_NATIVE
from simulator.pay.ordering import (
    check_address,
    check_repeat,
    digest,
    expiry,
    h5_address,
    moment,
    prepaid,
)
from simulator.pay.records.orders import CombinedOrder, Order, SubOrder
from simulator.pay.schema import Object
from simulator.pay.state import Merchant

COMBINED = "/v3/combine-transactions"
Body = Mapping[str, Any]


@pay_api("POST", f"{COMBINED}/jsapi")
def jsapi(call: Call) -> Answer:
    return {"prepay_id": place(call, "JSAPI", COMBINE_JSAPI)[1]}


@pay_api("POST", f"{COMBINED}/app")
def app(call: Call) -> Answer:
    return {"prepay_id": place(call, "APP", COMBINE_NATIVE)[1]}


@pay_api("POST", f"{COMBINED}/native")
def native(call: Call) -> Answer:
    combined, _ = place(call, "NATIVE", COMBINE_NATIVE)
    return {"code_url": combined.head.code}


@pay_api("POST", f"{COMBINED}/h5")
def h5(call: Call) -> Answer:
    _, prepay_id = place(call, "MWEB", COMBINE_H5)
    return {"h5_url": h5_address(call.runtime, prepay_id)}


def place(call: Call, trade_type: str, shape: Object) -> tuple[CombinedOrder, str]:
    """Places a combined order; returns it and a new prepay_id. Raises PayError."""
    body, merchant = call.read(shape), call.merchant
    check_address(merchant, body["notify_url"])
    if body["combine_appid"] not in merchant.appids:
        raise PayError("APPID_MCHID_NOT_MATCH")
    check_payer(body)
    terms = digest({**body, "trade_type": trade_type})
    number = body["combine_out_trade_no"]
    combined = merchant.combined.get(number)
    if combined is None:
        combined = new_combined(call, body, trade_type, terms)
    else:
        check_repeat(call.runtime, combined.head, terms, call.now)
    merchant.combined[number] = combined
    return combined, prepaid(call.runtime, merchant, combined.head, combined=True)


def check_payer(body: Body) -> None:
    """Checks that a given payer has an openid. Raises PARAM_ERROR."""
    payer: Body = body.get("combine_payer_info", {})
    if "combine_payer_info" in body and not {"openid", "sub_openid", "identity"} & payer.keys():
        raise wrong("/combine_payer_info/openid", None, "openid or sub_openid is needed")


def new_combined(call: Call, body: Body, trade_type: str, terms: str) -> CombinedOrder:
    """Creates a combined order, only if all of its orders are valid. Raises PayError."""
    if "time_start" in body:
        moment(body["time_start"], "/time_start")
    ends_at = expiry(body.get("time_expire"), call.now)
    owners = [owner_of(call, body["combine_appid"], each) for each in body["sub_orders"]]
    numbers = {(each["mchid"], each["out_trade_no"]) for each in body["sub_orders"]}
    if len(numbers) < len(body["sub_orders"]):
        raise PayError("INVALID_REQUEST", texts.SUB_ORDER_TWICE)
    orders = [new_order(body, each, trade_type, terms) for each in body["sub_orders"]]
    head = new_head(body, trade_type, terms)
    for order in (head, *orders):
        order.made_at, order.ends_at = call.now, ends_at
    for owner, order in zip(owners, orders, strict=True):
        owner.orders[order.out_trade_no] = order
    subs = [SubOrder(owner.mchid, each.out_trade_no) for owner, each in zip(owners, orders, strict=True)]
    return CombinedOrder(head, subs)


def owner_of(call: Call, appid: str, sub_order: Body) -> Merchant:
    """Returns the merchant of a sub-order. Raises PayError if the sub-order is not allowed."""
    merchants = call.runtime.state.merchants
    owner = merchants.get(sub_order["mchid"])
    if owner is None:
        raise PayError("MCH_NOT_EXISTS")
    if appid not in owner.appids:
        raise PayError("APPID_MCHID_NOT_MATCH", texts.NOT_BOUND)
    if sub_mchid := sub_order.get("sub_mchid"):
        if sub_mchid not in owner.sub_mchids:
            raise PayError("NO_AUTH", texts.NOT_SERVED)
        if sub_order.get("sub_appid", "") not in ("", *merchants[sub_mchid].appids):
            raise PayError("APPID_MCHID_NOT_MATCH", texts.SUB_APPID)
    if sub_order["out_trade_no"] in owner.orders:
        raise PayError("OUT_TRADE_NO_USED", texts.SUB_ORDER_TWICE)
    return owner


def new_order(body: Body, sub_order: Body, trade_type: str, terms: str) -> Order:
    payer: Body = body.get("combine_payer_info", {})
    return Order(
        out_trade_no=sub_order["out_trade_no"],
        appid=body["combine_appid"],
        trade_type=trade_type,
        total=sub_order["amount"]["total_amount"],
        terms=terms,
        description=sub_order["description"],
        attach=sub_order["attach"],
        sub_mchid=sub_order.get("sub_mchid", ""),
        sub_appid=sub_order.get("sub_appid", ""),
        openid=payer.get("openid", ""),
        sub_openid=payer.get("sub_openid", ""),
        combined=body["combine_out_trade_no"],
        shared=sub_order.get("settle_info", {}).get("profit_sharing", False),
        device=body.get("scene_info", {}).get("device_id", ""),
    )


def new_head(body: Body, trade_type: str, terms: str) -> Order:
    """Returns the order shown to the payer: the sum, and the first sub-order's description."""
    subs, payer = body["sub_orders"], body.get("combine_payer_info", {})
    more = f"等{len(subs)}笔" if len(subs) > 1 else ""
    return Order(
        out_trade_no=body["combine_out_trade_no"],
        appid=body["combine_appid"],
        trade_type=trade_type,
        total=sum(each["amount"]["total_amount"] for each in subs),
        terms=terms,
        description=subs[0]["description"] + more,
        notify_url=body["notify_url"],
        openid=payer.get("openid", ""),
        sub_appid=subs[0].get("sub_appid", ""),
        sub_openid=payer.get("sub_openid", ""),
        device=body.get("scene_info", {}).get("device_id", ""),
        limits=body.get("limit_pay", []),
    )


@pay_api("GET", f"{COMBINED}/out-trade-no/{{number}}")
def query(call: Call) -> Answer:
    return combined_payloads.description(call.runtime.state, call.merchant, known(call), call.now)


def known(call: Call) -> CombinedOrder:
    """Returns the combined order that the path names. Raises ORDER_NOT_EXIST."""
    combined = call.merchant.combined.get(call.path["number"])
    if combined is None:
        raise PayError("ORDER_NOT_EXIST")
    return combined


@pay_api("POST", f"{COMBINED}/out-trade-no/{{number}}/close")
def close(call: Call) -> Answer:
    """Closes a combined order; the body has to name exactly its sub-orders."""
    body, combined = call.read(COMBINE_CLOSE), known(call)
    named = {(each["mchid"], each["out_trade_no"]) for each in body["sub_orders"]}
    ours = {(each.mchid, each.out_trade_no) for each in combined.subs}
    if body["combine_appid"] != combined.head.appid or named != ours:
        raise PayError("INVALID_REQUEST", texts.OTHER_SUB_ORDERS)
    if combined.head.paid_at:
        raise PayError("ORDER_PAID")
    combined.head.state = "CLOSED"
    for _, order in combined_payloads.sub_orders(call.runtime.state, combined):
        order.state = "CLOSED"
    return None
