"""The outbox: others hear of a payment exactly once, after it is true and whatever crashes in between.

An event is written in the transaction that made it true. A worker then tells everybody registered with
``@hears``; each hearer's rows and the note that it was told are one transaction. Hearers write rows (a push,
a delivery), they never call out.
"""

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from payments.orders.models import Event, Order, Refund
from wechat.kernel import work
from wechat.kernel.registry import Registry
from wechat.sdk.errors import Cause

log = logging.getLogger(__name__)
Topic = Event.Topic

EVENTS = work.Kind(
    "orders.tell",
    lambda: Event.objects.select_related("order", "order__account", "order__merchant", "refund"),
    lease=datetime.timedelta(minutes=1),
    queue=work.INTERACTIVE,
    batch=100,
    retry=(*work.RETRY, datetime.timedelta(hours=6)),
    subject="",
)


class NotHeard(Exception):
    """A hearer failed, so the event has to be handed to it once more."""

    cause = Cause.LATER


@dataclass(frozen=True, slots=True)
class Hearer:
    name: str
    topics: frozenset[str]
    tell: Callable[[Event], None]


_hearers: Registry[Hearer] = Registry("hearer of payments")


def hears(name: str, *topics: Event.Topic) -> Callable[[Callable[[Event], None]], Callable[[Event], None]]:
    """Register a function for topics, all of them if none is named; ``name`` stays the same for ever."""

    def register(tell: Callable[[Event], None]) -> Callable[[Event], None]:
        _hearers.add(name, Hearer(name, frozenset(topics or Topic), tell))
        return tell

    return register


def emit(topic: Event.Topic, order: Order, refund: Refund | None = None) -> None:
    """Inside the transaction that makes it true."""
    Event.objects.create(topic=topic, order=order, refund=refund, due_at=timezone.now())


@EVENTS.each
def tell(event: Event) -> None:
    """Hand it to everybody who has not heard yet; a failing hearer holds up nobody else.

    Raises ``NotHeard``.
    """
    left = [each for each in _hearers if event.topic in each.topics and each.name not in event.told]
    if failures := [failure for hearer in left if (failure := _tell_one(event, hearer))]:
        raise NotHeard(", ".join(failures))
    event.done()


def _tell_one(event: Event, hearer: Hearer) -> str:
    try:
        with transaction.atomic():
            locked = Event.objects.select_for_update().get(pk=event.pk)
            if hearer.name not in locked.told:
                hearer.tell(event)
                Event.objects.filter(pk=event.pk).update(told=[*locked.told, hearer.name])
    except Exception as error:
        log.exception("hearer_failed", extra={"event": event.pk, "hearer": hearer.name})
        return f"{hearer.name}: {type(error).__name__}"
    return ""
