"""The outbox: others hear of a payment exactly once, after it is true and whatever crashes in between.

An event is written in the transaction that made it true. A worker then hands it to everything registered with
``@handles``; a handler's rows and the note that it is done are one transaction. Handlers write rows (a push,
a delivery), they never call out.
"""

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from payments.orders.models import Order, OrderEvent, Refund
from payments.orders.models.events import GIVEN_UP
from wechat.kernel import work
from wechat.kernel.registry import Registry
from wechat.sdk.errors import Cause

log = logging.getLogger(__name__)
Topic = OrderEvent.Topic

EVENTS = work.Kind(
    "orders.publish",
    lambda: OrderEvent.objects.select_related("order", "order__account", "order__merchant", "refund"),
    label=gettext_lazy("Telling of payments and refunds"),
    lease=datetime.timedelta(minutes=1),
    queue=work.INTERACTIVE,
    batch=100,
    retry=(*work.RETRY, datetime.timedelta(hours=6)),
    subject="",
)


class HandlerFailed(Exception):
    """A handler failed, so the event has to be handed to it once more."""

    cause = Cause.LATER


@dataclass(frozen=True, slots=True)
class Handler:
    name: str
    topics: frozenset[str]
    handle: Callable[[OrderEvent], None]


_handlers: Registry[Handler] = Registry("handler of payments")


def handles(
    name: str, *topics: OrderEvent.Topic
) -> Callable[[Callable[[OrderEvent], None]], Callable[[OrderEvent], None]]:
    """Registers a function for topics, all of them if none is named; ``name`` stays the same for ever."""

    def register(handle: Callable[[OrderEvent], None]) -> Callable[[OrderEvent], None]:
        _handlers.add(name, Handler(name, frozenset(topics or Topic), handle))
        return handle

    return register


def emit(topic: OrderEvent.Topic, order: Order, refund: Refund | None = None) -> None:
    """Writes an event, inside the transaction that makes it true."""
    event(topic, order, refund).save()


def event(topic: OrderEvent.Topic, order: Order, refund: Refund | None = None) -> OrderEvent:
    """Returns an event that is not written yet."""
    return OrderEvent(topic=topic, order=order, refund=refund, due_at=timezone.now())


def hand_on_again(given_up: QuerySet[OrderEvent]) -> int:
    """Has events that were given up handed to the handlers that are not done with them; returns how many."""
    number = given_up.filter(GIVEN_UP).update(due_at=timezone.now(), attempts=0, error="", errcode=None)
    work.wake(EVENTS.name)
    return number


@EVENTS.each
def hand_on(event: OrderEvent) -> None:
    """Hands an event to every handler that is not done with it; a failing one holds up no other.

    Raises ``HandlerFailed``.
    """
    left = [each for each in _handlers if event.topic in each.topics and each.name not in event.handled_by]
    if failures := [failure for handler in left if (failure := _hand_to(event, handler))]:
        raise HandlerFailed(", ".join(failures))
    event.done()


def _hand_to(event: OrderEvent, handler: Handler) -> str:
    try:
        with transaction.atomic():
            locked = OrderEvent.objects.select_for_update().get(pk=event.pk)
            if handler.name not in locked.handled_by:
                handler.handle(event)
                OrderEvent.objects.filter(pk=event.pk).update(handled_by=[*locked.handled_by, handler.name])
    except Exception as error:
        log.exception("handler_failed", extra={"event": event.pk, "handler": handler.name})
        return f"{handler.name}: {type(error).__name__}"
    return ""
