"""Shipped orders of mini programs, told to the platform: it holds their money until it knows.

Only these: the platform asks for no other order. A payment reaches it some minutes late, so an order it does
not know yet is told again; what it refuses for good is shown on the order's page and can be corrected.
"""

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from payments.orders import history
from payments.orders.models import Order, Shipment, Step
from payments.orders.states import OrderState
from wechat.kernel import work
from wechat.sdk.calls import shipping
from wechat.sdk.calls.shipping import Logistics, Shipping
from wechat.sdk.errors import ApiError

State = Shipment.State

KNOWN_LATE = datetime.timedelta(hours=1)
LOOK_AGAIN = datetime.timedelta(minutes=1)
UPLOADS = work.Kind(
    "orders.upload_shipping",
    lambda: Shipment.objects.select_related("order__account"),
    label=gettext_lazy("Telling WeChat what was shipped"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
    subject="order__account_id",
)


class NotToBeShipped(Exception):
    """Nothing, or nothing more, can be told about this order."""


def may_ship(order: Order) -> bool:
    """Returns whether the platform waits to hear of the order, or would take another word on it."""
    if order.account.kind != OfficialAccount.Kind.MINIPROGRAM or not order.is_paid:
        return False
    if order.state == OrderState.REFUNDED:
        return False
    known = of_order(order)
    return known is None or known.may_change


def of_order(order: Order) -> Shipment | None:
    """Returns how the order was shipped, if it was."""
    return Shipment.objects.filter(order=order).first()


@transaction.atomic
def ship(order: Order, *, by: str, **details: Any) -> Shipment:
    """Keeps how the order was shipped and has the platform told. Raises ``NotToBeShipped``."""
    order = (
        Order.objects.select_for_update(of=("self",), no_key=True).select_related("account").get(pk=order.pk)
    )
    if not may_ship(order):
        raise NotToBeShipped
    known = of_order(order)
    fresh = {
        **details, "state": State.WAITING, "shipped_at": timezone.now(), "due_at": timezone.now(),
        "attempts": 0, "error": "", "errcode": None,
        "corrected": known is not None and known.told_at is not None,
    }  # fmt: skip
    shipment, _made = Shipment.objects.update_or_create(order=order, defaults=fresh)
    history.write(order, Step.Kind.SHIPPED, str(shipment), by)
    work.wake(UPLOADS.name)
    return shipment


@UPLOADS.each
def upload(shipment: Shipment) -> None:
    """Tells the platform of one shipment."""
    order = shipment.order
    try:
        shipping.upload(client_for(order.account), _payload(shipment, order))
    except ApiError as error:
        if error.errcode == shipping.PAYMENT_UNKNOWN and timezone.now() < shipment.shipped_at + KNOWN_LATE:
            raise work.NotYet(LOOK_AGAIN) from error
        if error.errcode != shipping.NOTHING_NEW:
            raise
    if shipment.done(state=State.TOLD, told_at=timezone.now()):
        history.write(order, Step.Kind.SHIPPED, str(shipment.get_state_display()), history.WORKER)


def _payload(shipment: Shipment, order: Order) -> Shipping:
    assert order.transaction_id
    return Shipping(
        transaction_id=order.transaction_id,
        openid=order.payer_openid or order.openid,
        logistics=Logistics(shipment.how),
        description=order.description,
        shipped_at=timezone.localtime(shipment.shipped_at),
        company=shipment.company,
        number=shipment.number,
        contact=shipment.contact,
    )
