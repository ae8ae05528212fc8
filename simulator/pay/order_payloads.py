"""The payloads of orders, for queries and notifications (pay reference 5.1, 5.4)."""

from __future__ import annotations

from typing import Any

from simulator.pay import moments
from simulator.pay.records.orders import Order
from simulator.pay.state import Merchant

Payload = dict[str, Any]
STATE_TEXTS = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款，退款详情请查询退款单",
    "CLOSED": "订单已关闭",
    "REVOKED": "订单已撤销",
    "USERPAYING": "用户支付中，需要输入密码",
    "PAYERROR": "支付失败，请重新下单支付",
}


def identities(merchant: Merchant, order: Order) -> Payload:
    """Returns the ids of the orderer: a merchant, or a service provider with the served merchant."""
    if not order.sub_mchid:
        return {"appid": order.appid, "mchid": merchant.mchid}
    sub_appid = {"sub_appid": order.sub_appid} if order.sub_appid else {}
    return {
        "sp_appid": order.appid,
        "sp_mchid": merchant.mchid,
        **sub_appid,
        "sub_mchid": order.sub_mchid,
    }


def payer(order: Order) -> Payload:
    if not order.sub_mchid:
        return {"openid": order.payer}
    return {"sp_openid": order.payer, **({"sub_openid": order.sub_payer} if order.sub_payer else {})}


def description(merchant: Merchant, order: Order, now: float) -> Payload:
    """Returns the payload of a query; an unpaid order has a different shape (pay reference 5.1)."""
    state, scene = order.state_at(now), {"scene_info": {"device_id": order.device}}
    if order.paid_at:
        return {**transaction(merchant, order, state), "promotion_detail": coupons(order), **scene}
    return {
        "amount": {"payer_currency": "CNY", "total": order.total},
        **identities(merchant, order),
        "out_trade_no": order.out_trade_no,
        "promotion_detail": [],
        **scene,
        "trade_state": state,
        "trade_state_desc": STATE_TEXTS[state],
    }


def transaction(merchant: Merchant, order: Order, state: str = "SUCCESS") -> Payload:
    """Returns the payload of a paid order's notification (pay reference 5.4)."""
    who = identities(merchant, order)
    if not order.sub_mchid:
        who = {"mchid": who["mchid"], "appid": who["appid"]}
    return {
        **who,
        "out_trade_no": order.out_trade_no,
        "transaction_id": order.transaction_id,
        "trade_type": order.trade_type,
        "trade_state": state,
        "trade_state_desc": STATE_TEXTS[state],
        "bank_type": order.bank,
        "attach": order.attach,
        "success_time": moments.rfc3339(order.paid_at),
        "payer": payer(order),
        "amount": {
            "total": order.total,
            "payer_total": order.payer_total,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def coupons(order: Order) -> list[Payload]:
    """Returns the coupons of a payment: at most one, at the merchant's expense."""
    if not order.coupon:
        return []
    shares = {"wechatpay_contribute": 0, "merchant_contribute": order.coupon, "other_contribute": 0}
    coupon = {
        "coupon_id": f"2{order.transaction_id[-12:]}",
        "name": "商家代金券",
        "scope": "GLOBAL",
        "type": "NOCASH",
    }
    return [{**coupon, "amount": order.coupon, "stock_id": "16474341", **shares, "currency": "CNY"}]
