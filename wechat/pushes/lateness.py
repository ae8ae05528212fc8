"""The late messages: pushes that were due too long ago are set aside for a person to decide about.

A welcome must not be sent two days after its follow. A slow queue or a hold of some hours does not make
messages late: both are shown on the pages, and sending resumes by itself. An outage of all workers does, and
so does a hold of days. Late pushes are *skipped* with the reason ``late``, and API callers are told.
"""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from wechat.kernel.work import downtime
from wechat.pushes import transitions
from wechat.pushes.models import Push

Reason = Push.Reason

# A used-up quota lasts until the end of the day, and campaigns resume at eight the next morning, as the pages
# say: pushes that wait for that are not late, even if the quota ended early in the day.
LONGEST_HOLD = datetime.timedelta(hours=33)


@downtime.ended
def set_aside(long_ago: datetime.datetime) -> None:
    """Sets aside the pushes that were due before that moment, for a person to decide.

    Called after an outage, in which no worker ran.
    """
    transitions.skip_untried(Push.objects.filter(due_at__lt=long_ago), Reason.LATE)


def set_aside_held(account_id: int, kind: str, *, bulk: bool) -> None:
    """Sets aside the pushes that a hold has kept back for days, before the hold is probed."""
    long_ago = timezone.now() - max(LONGEST_HOLD, settings.OVERDUE_SENDS_ASK_AFTER)
    held = Push.objects.filter(account=account_id, kind=kind, bulk=bulk, due_at__lt=long_ago)
    transitions.skip_untried(held, Reason.LATE)


@dataclass(frozen=True, slots=True)
class Late:
    """The number of late messages that wait for a decision; the first was created at ``since``."""

    number: int
    since: datetime.datetime


def waiting(account_id: int) -> Late | None:
    """Returns the late messages of the account that wait for a decision; ``None`` if there are none."""
    found = _late(account_id).aggregate(number=Count("*"), since=Min("created_at"))
    return Late(found["number"], found["since"]) if found["number"] else None


def send(account_id: int, cause: str = "") -> int:
    """Queues the late messages of the account (or of one cause) after all; returns their number."""
    late = _late(account_id)
    return transitions.send_late(late.filter(cause=cause, bulk=True) if cause else late)


def cancel(account_id: int) -> int:
    """Cancels the late messages, which are then never sent; returns their number."""
    return _late(account_id).update(reason=Reason.CALLED_OFF)


def _late(account_id: int) -> QuerySet[Push]:
    return Push.objects.filter(account=account_id, state=Push.State.SKIPPED, reason=Reason.LATE)
