"""The old API of orders: placing, querying, closing (pay reference 8.2)."""

from __future__ import annotations

from simulator.pay import moments, order_payloads, ordering, v2_notifications
from simulator.pay.records.orders import MINIMUM_EXPIRY, ORDER_LIFE, Order
from simulator.pay.v2_calls import Fields, V2Call, V2Error, old_api

WAYS = ("JSAPI", "NATIVE", "APP", "MWEB")
NEEDED = (
    "appid",
    "mch_id",
    "body",
    "out_trade_no",
    "total_fee",
    "spbill_create_ip",
    "notify_url",
    "trade_type",
)
EXTRA = {"JSAPI": "openid", "NATIVE": "product_id", "MWEB": "scene_info"}
LONGEST = {
    "body": 128,
    "attach": 127,
    "out_trade_no": 32,
    "notify_url": 256,
    "openid": 128,
    "spbill_create_ip": 64,
}
LENGTHS = {"appid": 32, "mch_id": 32, "detail": 6000, "goods_tag": 32, "product_id": 32, "scene_info": 256}


@old_api("/pay/unifiedorder")
def unified_order(call: V2Call) -> Fields:
    call.need(*NEEDED)
    fields, now, way = call.fields, call.now, call.fields["trade_type"]
    if way not in WAYS:
        raise V2Error("PARAM_ERROR", "trade_type参数格式错误")
    if way in EXTRA:
        call.need(EXTRA[way])
    total, ends_at = call.amount("total_fee"), expiry(call)
    check(call)
    terms = ordering.digest({name: fields[name] for name in fields if name not in ("nonce_str", "sign")})
    order = call.merchant.orders.get(fields["out_trade_no"])
    if order is None:
        order = Order(
            out_trade_no=fields["out_trade_no"],
            appid=fields["appid"],
            trade_type=way,
            total=total,
            terms=terms,
            description=fields["body"],
            attach=fields.get("attach", ""),
            notify_url=fields["notify_url"],
            openid=fields.get("openid", "") if way == "JSAPI" else "",
            device=fields.get("device_info", ""),
            limits=[fields["limit_pay"]] if fields.get("limit_pay") else [],
            shared=fields.get("profit_sharing") == "Y",
            v2=call.method,
            made_at=now,
            ends_at=ends_at,
        )
    elif order.terms != terms:
        raise V2Error("OUT_TRADE_NO_USED", "商户订单号重复")
    else:
        ordering.check_repeat(call.runtime, order, terms, now)
    call.merchant.orders[order.out_trade_no] = order
    prepay_id = ordering.prepaid(call.runtime, call.merchant, order)
    more = {
        "NATIVE": {"code_url": order.code},
        "MWEB": {"mweb_url": ordering.h5_address(call.runtime, prepay_id)},
    }
    return {"prepay_id": prepay_id, "trade_type": way, **more.get(way, {})}


def expiry(call: V2Call) -> float:
    text, now = call.fields.get("time_expire"), call.now
    if not text:
        return now + ORDER_LIFE
    try:
        moment = moments.from_compact(text)
    except ValueError:
        raise V2Error("PARAM_ERROR", "time_expire参数格式错误") from None
    return min(max(moment, now + MINIMUM_EXPIRY), now + ORDER_LIFE)


def check(call: V2Call) -> None:
    fields = call.fields
    call.check_lengths({**LONGEST, **LENGTHS})
    if "?" in fields["notify_url"]:
        raise V2Error("PARAM_ERROR", "notify_url不能带参数")
    if fields.get("fee_type", "CNY") != "CNY":
        raise V2Error("PARAM_ERROR", "fee_type参数格式错误")


@old_api("/pay/orderquery")
def order_query(call: V2Call) -> Fields:
    """Returns the state of an order; the amount and other fields of the payment only if it was paid."""
    order = call.order()
    state = order.state_at(call.now)
    answer = {
        "out_trade_no": order.out_trade_no,
        "trade_state": state,
        "trade_state_desc": order_payloads.STATE_TEXTS[state],
        "attach": order.attach,
    }
    return {**answer, **paid_fields(order)} if order.paid_at else answer


def paid_fields(order: Order) -> Fields:
    return {
        "openid": order.payer,
        "trade_type": order.trade_type,
        "bank_type": order.bank,
        "total_fee": str(order.total),
        "cash_fee": str(order.payer_total),
        "fee_type": "CNY",
        "transaction_id": order.transaction_id,
        "time_end": moments.compact(order.paid_at),
        **v2_notifications.coupon_fields(order),
    }


@old_api("/pay/closeorder")
def close_order(call: V2Call) -> Fields:
    call.need("out_trade_no")
    order = call.order()
    if order.paid_at:
        raise V2Error("ORDERPAID", "订单已支付")
    if order.state_at(call.now) == "CLOSED":
        raise V2Error("ORDERCLOSED", "订单已关闭")
    order.state = "CLOSED"
    return {}
