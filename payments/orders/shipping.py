"""The reporting of shipments to the platform, which holds the money of mini-program orders until then.

Other orders need no report. The platform learns of a payment some minutes late, so a shipment of an order
that it does not know yet is reported again. A final refusal is shown on the order's page and can be
corrected.
"""

import datetime
import re
from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from accounts.staff.held_work import AREAS
from accounts.staff.rights import Area
from payments.orders import history
from payments.orders.models import Order, Parcel, Shipment, Step
from payments.orders.states import OrderState
from wechat.kernel import work
from wechat.sdk.calls import shipping
from wechat.sdk.calls.shipping import Logistics, Shipping
from wechat.sdk.errors import ApiError

State = Shipment.State

KNOWN_LATE = datetime.timedelta(hours=1)
LOOK_AGAIN = datetime.timedelta(minutes=1)
LAST_DIGITS = 4
UPLOADS = work.Kind(
    "orders.upload_shipping",
    lambda: Shipment.objects.select_related("order__account").prefetch_related("parcels"),
    label=gettext_lazy("Telling WeChat what was shipped"),
    lease=datetime.timedelta(minutes=1),
    queue=work.BULK,
    subject="order__account_id",
)
AREAS.add(UPLOADS.name, Area.MONEY)


class NotShippable(Exception):
    """The error for an order whose shipment cannot be reported, or not any more; as text for people."""

    def __str__(self) -> str:
        return gettext("WeChat does not accept shipping information for this order.")


def may_ship(order: Order) -> bool:
    """Returns whether the platform waits for a shipment of the order, or would accept a correction."""
    if order.account.kind != OfficialAccount.Kind.MINIPROGRAM or not order.is_paid:
        return False
    if order.state == OrderState.REFUNDED:
        return False
    known = of_order(order)
    return known is None or known.may_change


def of_order(order: Order) -> Shipment | None:
    """Returns the order's shipment, if any."""
    return Shipment.objects.filter(order=order).first()


@transaction.atomic
def ship(
    order: Order,
    *,
    by: str,
    how: int,
    parcels: Sequence[shipping.Parcel] = (),
    more_to_come: bool = False,
) -> Shipment:
    """Saves the order's shipment with all parcels so far, and has a worker report it.

    Raises ``NotShippable``.
    """
    order = (
        Order.objects.select_for_update(of=("self",), no_key=True).select_related("account").get(pk=order.pk)
    )
    if not may_ship(order):
        raise NotShippable
    known = of_order(order)
    fresh = {
        "how": how, "more_to_come": more_to_come,
        "state": State.WAITING, "shipped_at": timezone.now(), "due_at": timezone.now(),
        "attempts": 0, "error": "", "errcode": None,
        "corrected": known is not None and known.uploaded_at is not None and not known.more_to_come,
    }  # fmt: skip
    shipment, _made = Shipment.objects.update_or_create(order=order, defaults=fresh)
    shipment.parcels.all().delete()
    Parcel.objects.bulk_create(
        Parcel(shipment=shipment, company=each.company, number=each.number, contact=each.contact)
        for each in parcels
    )
    numbers = ", ".join(f"{each.company} {each.number}" for each in parcels)
    history.write(order, Step.Kind.SHIPPED, Shipment.How(shipment.how).label, by, outcome=numbers)
    work.wake(UPLOADS.name)
    return shipment


def upload_again(refused: QuerySet[Shipment]) -> int:
    """Makes workers report refused shipments again, unchanged; returns how many."""
    fresh = {"due_at": timezone.now(), "attempts": 0, "error": "", "errcode": None}
    number = refused.filter(state=State.FAILED).update(state=State.WAITING, **fresh)
    work.wake(UPLOADS.name)
    return number


def masked(contact: str) -> str:
    """Returns a telephone number masked as the platform asks; empty for a text that is none."""
    digits = re.sub(r"\D", "", contact)
    return f"{digits[:3]}****{digits[-LAST_DIGITS:]}" if len(digits) > LAST_DIGITS + 3 else ""


@UPLOADS.each
def upload(shipment: Shipment) -> None:
    """Reports one shipment to the platform."""
    order = shipment.order
    try:
        shipping.upload(client_for(order.account), _payload(shipment, order))
    except ApiError as error:
        if error.errcode == shipping.PAYMENT_UNKNOWN and timezone.now() < shipment.shipped_at + KNOWN_LATE:
            raise work.NotYet(LOOK_AGAIN) from error
        if error.errcode != shipping.NOTHING_NEW:
            raise
    if shipment.done(state=State.UPLOADED, uploaded_at=timezone.now()):
        history.write(order, Step.Kind.SHIPPED, State.UPLOADED.label, history.WORKER)


def _payload(shipment: Shipment, order: Order) -> Shipping:
    assert order.transaction_id
    return Shipping(
        transaction_id=order.transaction_id,
        openid=order.payer_openid or order.openid,
        logistics=Logistics(shipment.how),
        description=order.description,
        shipped_at=timezone.localtime(shipment.shipped_at),
        parcels=[shipping.Parcel(each.company, each.number, each.contact) for each in shipment.parcels.all()],
        more_to_come=shipment.more_to_come,
    )
