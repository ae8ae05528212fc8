"""Events on their way to the owner's own system: signed, repeated until answered, and logged.

The signature is that of the rules' webhooks (`wechat.kernel.webhooks`). ``id`` in the body is the same in
every attempt, so that a receiver can tell a repeat.
"""

import datetime
import json
from typing import Any

from django.utils import timezone

from payments.models import Event, Order, Refund, WebhookDelivery
from wechat.kernel import due
from wechat.kernel.webhooks import NoAnswer, post
from wechat.sdk.beijing import BEIJING

State = WebhookDelivery.State

LEASE = datetime.timedelta(minutes=2)
AT_ONCE = 8
# Some 23 hours in all.
RETRY_AFTER = [
    datetime.timedelta(seconds=seconds)
    for seconds in (10, 60, 300, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)
]


def deliver_due() -> int:
    """Post what is due; how many attempts were made."""
    attempts = 0
    waiting = WebhookDelivery.objects.select_related(
        "webhook", "event", "event__order", "event__order__merchant", "event__refund"
    )
    while found := due.claim(waiting, lease=LEASE, limit=AT_ONCE):
        for delivery in found:
            deliver(delivery)
        attempts += len(found)
    return attempts


def deliver(delivery: WebhookDelivery) -> None:
    status, problem = None, ""
    try:
        answer = post(delivery.webhook.url, body_of(delivery.event), delivery.webhook.secret)
        status = answer.status
    except NoAnswer as error:
        problem = str(error)[:300]
    done = status is not None and 200 <= status < 300
    pause = None if done or delivery.attempts >= len(RETRY_AFTER) else RETRY_AFTER[delivery.attempts]
    now = timezone.now()
    WebhookDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(
        state=State.DELIVERED if done else State.WAITING if pause else State.GIVEN_UP,
        attempts=delivery.attempts + 1,
        status=status,
        problem=problem,
        due_at=now + pause if pause else None,
        delivered_at=now if done else None,
    )


def body_of(event: Event) -> bytes:
    """The JSON a receiver gets; amounts in fen, times in Beijing."""
    said: dict[str, Any] = {
        "id": event.pk,
        "topic": event.topic,
        "at": _moment(event.created_at),
        "order": described(event.order),
    }
    if event.refund:
        said["refund"] = described_refund(event.refund)
    return json.dumps(said, ensure_ascii=False).encode()


def described(order: Order) -> dict[str, Any]:
    return {
        "out_trade_no": order.out_trade_no,
        "key": order.key,
        "state": order.state,
        "total": order.total,
        "refunded": order.refunded,
        "description": order.description,
        "attach": order.attach,
        "openid": order.payer_openid or order.openid,
        "transaction_id": order.transaction_id,
        "paid_at": _moment(order.paid_at),
    }


def described_refund(refund: Refund) -> dict[str, Any]:
    return {
        "out_refund_no": refund.out_refund_no,
        "key": refund.key,
        "state": refund.state,
        "amount": refund.amount,
        "reason": refund.reason,
        "refund_id": refund.refund_id,
        "succeeded_at": _moment(refund.succeeded_at),
    }


def _moment(at: datetime.datetime | None) -> str | None:
    return at.astimezone(BEIJING).isoformat(timespec="seconds") if at else None
