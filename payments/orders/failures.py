"""The refused shipments and the order events that were given up, for the page of failures."""

from django.db.models import QuerySet
from django.urls import reverse

from accounts.official.error_sentences import sentence
from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from payments.orders import events, shipping
from payments.orders.models import OrderEvent, Shipment
from wechat.kernel.work import GIVEN_UP


def _refused(account: OfficialAccount) -> QuerySet[Shipment]:
    found = Shipment.objects.filter(order__account=account, state=Shipment.State.FAILED)
    return found.select_related("order")


def _given_up(account: OfficialAccount) -> QuerySet[OrderEvent]:
    return OrderEvent.objects.filter(GIVEN_UP, order__account=account).select_related("order")


def _page(row: Shipment | OrderEvent) -> str:
    return reverse("admin:orders_order_change", args=[row.order_id])


def _order(shipment: Shipment) -> str:
    return str(shipment.order)


def _order_and_topic(event: OrderEvent) -> str:
    return f"{event.order} · {event.get_topic_display()}"


def _unexpected(_errcode: int | None, _text: str) -> str:
    """Returns the sentence for an unexpected error; the handler's name would not help staff."""
    return sentence(None, "")


SOURCES.add(
    "shipments",
    FailureSource(shipping.UPLOADS.label, Area.MONEY, _refused, shipping.upload_again, _page, title=_order),
)
SOURCES.add(
    "order_events",
    FailureSource(
        events.EVENTS.label, Area.MONEY, _given_up, events.dispatch_again, _page, title=_order_and_topic,
        words=_unexpected,
    ),
)  # fmt: skip
