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

from payments.models import Event, Order, Refund
from wechat.kernel import due

log = logging.getLogger(__name__)
Topic = Event.Topic

LEASE = datetime.timedelta(minutes=1)
AT_ONCE = 100
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (5, 60, 600, 3600, 6 * 3600)]


@dataclass(frozen=True, slots=True)
class Hearer:
    name: str
    topics: frozenset[str]
    tell: Callable[[Event], None]


_hearers: list[Hearer] = []


def hears(name: str, *topics: Event.Topic) -> Callable[[Callable[[Event], None]], Callable[[Event], None]]:
    """Register a function for topics, all of them if none is named; ``name`` stays the same for ever."""

    def register(tell: Callable[[Event], None]) -> Callable[[Event], None]:
        _hearers.append(Hearer(name, frozenset(topics or Topic), tell))
        return tell

    return register


def emit(topic: Event.Topic, order: Order, refund: Refund | None = None) -> None:
    """Inside the transaction that makes it true."""
    Event.objects.create(topic=topic, order=order, refund=refund, due_at=timezone.now())


def tell_due() -> int:
    waiting = Event.objects.select_related("order", "order__account", "order__merchant", "refund")
    return due.work_off(waiting, tell, lease=LEASE, limit=AT_ONCE)


def tell(event: Event) -> None:
    """Everybody who has not heard yet; a failing hearer holds up nobody else's."""
    problem = ""
    for hearer in _hearers:
        if event.topic in hearer.topics and hearer.name not in event.told:
            problem = _tell_one(event, hearer) or problem
    _settle(event, problem)


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


def _settle(event: Event, problem: str) -> None:
    pause = RETRY_AFTER[event.attempts] if event.attempts < len(RETRY_AFTER) else None
    again = timezone.now() + pause if problem and pause else None
    Event.objects.filter(pk=event.pk).update(attempts=event.attempts + 1, problem=problem[:300], due_at=again)
