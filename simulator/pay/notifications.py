"""The notifications to merchants, and their URLs (pay reference 5.3, 5.4, 8.3)."""

from __future__ import annotations

import uuid
from typing import Any

from simulator.pay import answers, combined_payloads, moments, order_payloads, v2_notifications
from simulator.pay.records.notifications import Notification
from simulator.pay.records.orders import CombinedOrder, Order
from simulator.pay.records.refunds import Refund
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant

PAID = "TRANSACTION.SUCCESS"


def notify_paid(runtime: Runtime, merchant: Merchant, order: Order) -> None:
    """Queues the notification of a payment, unless it was made by payment code: the answer reports those."""
    if not order.notify_url:
        return
    if order.v2:
        message = v2_notifications.paid(merchant, order)
        queue(runtime, merchant, order.notify_url, PAID, order.out_trade_no, message, v2=True)
        return
    payload: dict[str, Any] = order_payloads.transaction(merchant, order)
    if order.coupon:
        payload["promotion_detail"] = order_payloads.coupons(order)
    notify(runtime, merchant, order.notify_url, PAID, order.out_trade_no, payload)


def notify_combined(runtime: Runtime, merchant: Merchant, combined: CombinedOrder) -> None:
    head = combined.head
    payload = combined_payloads.notification(runtime.state, merchant, combined)
    notify(runtime, merchant, head.notify_url, PAID, head.out_trade_no, payload)


def notify_refund(runtime: Runtime, merchant: Merchant, order: Order, refund: Refund) -> None:
    """Queues the notification of a refund.

    Without a URL of its own it is sent in v2's format, to the URL in the merchant's settings.
    """
    event, subject = f"REFUND.{refund.status}", refund.out_refund_no
    url = refund.notify_url or merchant.refund_notify_url
    if refund.reversal or not url:
        return
    if refund.notify_url and not refund.v2:
        notify(runtime, merchant, url, event, subject, refund_payload(merchant, order, refund))
    elif merchant.v2_key:
        message = v2_notifications.refunded(merchant, order, refund)
        queue(runtime, merchant, url, event, subject, message, v2=True)


def refund_payload(merchant: Merchant, order: Order, refund: Refund) -> dict[str, Any]:
    done = {"success_time": moments.rfc3339(refund.turns[-1].at)} if refund.status == "SUCCESS" else {}
    partner = {"sp_mchid": merchant.mchid, "sub_mchid": order.sub_mchid}
    return {
        **(partner if order.sub_mchid else {"mchid": merchant.mchid}),
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


def notify(
    runtime: Runtime, merchant: Merchant, url: str, event_type: str, subject: str, payload: dict[str, Any]
) -> None:
    """Queues a notification, unless the merchant has no APIv3 key."""
    if merchant.apiv3_key:
        queue(runtime, merchant, url, event_type, subject, answers.compact(payload).decode())


def queue(
    runtime: Runtime,
    merchant: Merchant,
    url: str,
    event_type: str,
    subject: str,
    message: str,
    *,
    v2: bool = False,
) -> None:
    now = runtime.world.now
    notification = Notification(
        str(uuid.uuid4()), merchant.mchid, url, event_type, subject, message, now, now, v2
    )
    runtime.state.notifications[notification.id] = notification
    runtime.plan(notification)
