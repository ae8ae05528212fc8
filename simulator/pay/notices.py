"""What merchants are told, and where (pay reference 5.3, 5.4, 8.3)."""

from __future__ import annotations

import uuid
from typing import Any

from simulator.pay import answers, moments, orders, v2_notices
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant, Notice, Order, Refund


def tell_paid(runtime: Runtime, merchant: Merchant, order: Order) -> None:
    """Nothing is ever sent to a merchant without an APIv3 key, but for orders of the old API."""
    if order.v2:
        plain = v2_notices.paid(merchant, order)
        queue(runtime, merchant, order.notify_url, "TRANSACTION.SUCCESS", order.out_trade_no, plain, v2=True)
    elif merchant.apiv3_key:
        told: dict[str, Any] = orders.transaction(merchant, order)
        if order.coupon:
            told["promotion_detail"] = orders.coupons(order)
        plain = answers.compact(told).decode()
        queue(runtime, merchant, order.notify_url, "TRANSACTION.SUCCESS", order.out_trade_no, plain)


def tell_refund(runtime: Runtime, merchant: Merchant, order: Order, refund: Refund) -> None:
    """A refund without an address of its own is told in v2's format, where the platform-wide setting says."""
    event, subject = f"REFUND.{refund.status}", refund.out_refund_no
    url = refund.notify_url or merchant.refund_notify_url
    if refund.v2 or not refund.notify_url:
        if url and merchant.v2_key:
            plain = v2_notices.refunded(merchant, order, refund)
            queue(runtime, merchant, url, event, subject, plain, v2=True)
    elif merchant.apiv3_key:
        plain = answers.compact(refund_told(merchant, order, refund)).decode()
        queue(runtime, merchant, url, event, subject, plain)


def refund_told(merchant: Merchant, order: Order, refund: Refund) -> dict[str, Any]:
    done = {"success_time": moments.rfc3339(refund.turns[-1].at)} if refund.status == "SUCCESS" else {}
    return {
        "mchid": merchant.mchid,
        "out_trade_no": order.out_trade_no,
        "transaction_id": order.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_status": refund.status,
        **done,
        "amount": {
            "total": order.total,
            "refund": refund.amount,
            "payer_total": order.payer_total,
            "payer_refund": refund.payer_amount,
        },
        "user_received_account": refund.received,
    }


def queue(
    runtime: Runtime,
    merchant: Merchant,
    url: str,
    event_type: str,
    subject: str,
    plain: str,
    *,
    v2: bool = False,
) -> None:
    now = runtime.world.now
    notice = Notice(str(uuid.uuid4()), merchant.mchid, url, event_type, subject, plain, now, now, v2)
    runtime.state.notices[notice.id] = notice
    runtime.plan(notice)
