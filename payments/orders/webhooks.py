"""The webhook events of payments: amounts in fen, times in Beijing."""

import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from payments.orders.models import Order, OrderEvent, Refund
from wechat.sdk.beijing import BEIJING
from wechat.webhooks import events, outbox
from wechat.webhooks.models import Delivery

ORDER = {
    "out_trade_no": "WX20260302100000",
    "state": "paid",
    "total": 9980,
    "refunded": 0,
    "description": "会员年卡",
}
REFUND = {"out_refund_no": "RF20260302100000", "state": "succeeded", "amount": 9980}

events.register(OrderEvent.Topic.PAID, _("Order paid"), {"order": ORDER})
events.register(OrderEvent.Topic.CLOSED, _("Order closed"), {"order": {**ORDER, "state": "closed"}})
events.register(OrderEvent.Topic.REFUNDED, _("Refund paid out"), {"order": ORDER, "refund": REFUND})
events.register(
    OrderEvent.Topic.REFUND_FAILED,
    _("Refund failed"),
    {"order": ORDER, "refund": {**REFUND, "state": "failed"}},
)


def post(event: OrderEvent) -> None:
    order = event.order
    data = {"order": described(order)}
    if event.refund:
        data["refund"] = described_refund(event.refund)
    openid = order.payer_openid or order.openid
    outbox.emit(order.account, event.topic, data, key=key_of(event), openid=openid)


def key_of(event: OrderEvent) -> str:
    return f"payment:{event.pk}"


def deliveries_of(order: Order) -> list[Delivery]:
    """Returns the webhook deliveries about the order, oldest first."""
    keys = [key_of(event) for event in order.events.all()]
    found = Delivery.objects.filter(account=order.account_id, key__in=keys)
    return list(found.select_related("endpoint").order_by("id"))


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
