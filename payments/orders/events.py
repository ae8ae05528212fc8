"""The outbox of order events: each handler gets each event exactly once, whatever crashes in between.

An event is written in the transaction of the change that it reports. A worker then passes it to every
function registered with ``@handles``; the rows that a handler writes and the mark that it is done are one
transaction. Handlers write rows (a push, a delivery) and make no calls.
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
    """The error for an event with a failed handler, which has to get it again."""

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
    """Registers a function for these topics, or for all; ``name`` is stored and must never change."""

    def register(handle: Callable[[OrderEvent], None]) -> Callable[[OrderEvent], None]:
        _handlers.add(name, Handler(name, frozenset(topics or Topic), handle))
        return handle

    return register


def emit(topic: OrderEvent.Topic, order: Order, refund: Refund | None = None) -> None:
    """Writes an event, inside the transaction of the change that it reports."""
    event(topic, order, refund).save()


def event(topic: OrderEvent.Topic, order: Order, refund: Refund | None = None) -> OrderEvent:
    """Returns an unsaved event."""
    return OrderEvent(topic=topic, order=order, refund=refund, due_at=timezone.now())


def dispatch_again(given_up: QuerySet[OrderEvent]) -> int:
    """Makes events that were given up due again, for their unfinished handlers; returns how many."""
    number = given_up.filter(work.GIVEN_UP).update(due_at=timezone.now(), attempts=0, error="", errcode=None)
    work.wake(EVENTS.name)
    return number


@EVENTS.each
def dispatch(event: OrderEvent) -> None:
    """Passes an event to every unfinished handler; a failing one does not stop the others.

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
