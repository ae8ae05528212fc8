"""The messages that are later than a send may be: they are set aside for a decision.

A welcome must not go out two days after its follow. That a queue is slow, or was on hold for hours, makes
nothing late: both are told on the pages, and go on by themselves. That nobody worked does, and so does a hold
of days. What is set aside is *skipped* for the reason ``late``, and whoever asked by the API is told.
"""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from wechat.kernel.work import outages
from wechat.pushes import transitions
from wechat.pushes.models import Push

Reason = Push.Reason

# A used-up quota is over when the day is, and campaigns go on at eight the next morning, as the pages say:
# what waits for that is not late, even if the day had hardly begun.
LONGEST_HOLD = datetime.timedelta(hours=33)


@outages.ended
def set_aside(long_ago: datetime.datetime) -> None:
    """Sets aside what was due before that moment, for a person to decide.

    Called after a time in which no worker ran.
    """
    transitions.skip_untried(Push.objects.filter(due_at__lt=long_ago), Reason.LATE)


def set_aside_held(account_id: int, kind: str, *, bulk: bool) -> None:
    """Sets aside what a hold has kept back for days, before the hold is probed; a person decides about it."""
    long_ago = timezone.now() - max(LONGEST_HOLD, settings.OVERDUE_SENDS_ASK_AFTER)
    held = Push.objects.filter(account=account_id, kind=kind, bulk=bulk, due_at__lt=long_ago)
    transitions.skip_untried(held, Reason.LATE)


@dataclass(frozen=True, slots=True)
class Late:
    """The number of messages that wait for a person's decision; the first was asked for at ``since``."""

    number: int
    since: datetime.datetime


def waiting(account_id: int) -> Late | None:
    """Returns how much of the account waits for a person's decision; ``None`` if nothing does."""
    found = _late(account_id).aggregate(number=Count("*"), since=Min("created_at"))
    return Late(found["number"], found["since"]) if found["number"] else None


def send(account_id: int, cause: str = "") -> int:
    """Has what is late sent after all, all of it or that of one cause; returns how many."""
    late = _late(account_id)
    return transitions.send_late(late.filter(cause=cause, bulk=True) if cause else late)


def call_off(account_id: int) -> int:
    """Has what is late never sent; returns how many."""
    return _late(account_id).update(reason=Reason.CALLED_OFF)


def _late(account_id: int) -> QuerySet[Push]:
    return Push.objects.filter(account=account_id, state=Push.State.SKIPPED, reason=Reason.LATE)
