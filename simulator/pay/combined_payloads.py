"""The payloads of combined orders, for queries and notifications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.pay import moments, order_payloads
from simulator.pay.records.orders import CombinedOrder, Order
from simulator.pay.state import Merchant, PayState

Payload = dict[str, Any]


def sub_orders(state: PayState, combined: CombinedOrder) -> Iterator[tuple[Merchant, Order]]:
    for each in combined.subs:
        merchant = state.merchants[each.mchid]
        yield merchant, merchant.orders[each.out_trade_no]


def description(state: PayState, merchant: Merchant, combined: CombinedOrder, now: float) -> Payload:
    """Returns the payload of a query.

    Only queries would list coupons, which the simulator never uses on combined orders.
    """
    payload = notification(state, merchant, combined, now)
    for (_, order), each in zip(sub_orders(state, combined), payload["sub_orders"], strict=True):
        if order.paid_at:
            each["promotion_detail"] = order_payloads.coupons(order)
    return payload


def notification(
    state: PayState, merchant: Merchant, combined: CombinedOrder, now: float | None = None
) -> Payload:
    """Returns the payload of a payment notification; without ``now``, as right after the payment."""
    head = combined.head
    paid = {"combine_transaction_id": head.transaction_id} if head.paid_at else {}
    payer = {"combine_payer_info": {"openid": head.payer}} if head.paid_at else {}
    return {
        "combine_appid": head.appid,
        "combine_mchid": merchant.mchid,
        "combine_out_trade_no": head.out_trade_no,
        **paid,
        "scene_info": {"device_id": head.device},
        "sub_orders": [sub_order(*each, now) for each in sub_orders(state, combined)],
        **payer,
    }


def sub_order(merchant: Merchant, order: Order, now: float | None) -> Payload:
    partner = {"sub_mchid": order.sub_mchid} if order.sub_mchid else {}
    if order.sub_appid:
        partner["sub_appid"] = order.sub_appid
    state = "SUCCESS" if now is None else order.state_at(now)
    amount: Payload = {"total_amount": order.total, "currency": "CNY"}
    done: Payload = {}
    if order.paid_at:
        amount |= {"payer_amount": order.payer_total, "payer_currency": "CNY"}
        done = {
            "bank_type": order.bank,
            "success_time": moments.rfc3339(order.paid_at),
            "transaction_id": order.transaction_id,
        }
        if order.sub_payer:
            partner["sub_openid"] = order.sub_payer
    return {
        "mchid": merchant.mchid,
        **partner,
        "trade_type": order.trade_type,
        "trade_state": state,
        "attach": order.attach,
        "out_trade_no": order.out_trade_no,
        **done,
        "amount": amount,
    }
