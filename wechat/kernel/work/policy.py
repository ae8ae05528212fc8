"""What an error means for the row it happened to, and for the other rows of the same account.

The one place that decides it, over ``cause`` of the SDK's errors:

=======  ==============================================  ============================================
cause    example                                         what happens
=======  ==============================================  ============================================
QUOTA    45009, the calls of the day are used up         held until the platform's day ends
RATE     45011, too many calls this minute               held for a minute, all rows together
ACCOUNT  48001, 40164: this account may not do this      held, probed now and then; no row is spent
AWAY     a time-out, a 502, no connection                the row is tried again; after a few in a row
                                                         held, probed soon; nothing is given up meanwhile
LATER    43108, 45169: only this row, for the moment     tried again, as often as its kind says
ROW      47003: this row can never pass                  given up at once
=======  ==============================================  ============================================

Anything else is a fault of ours: the row is tried again, and given up when its attempts are used up.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.utils import timezone

from wechat.sdk.beijing import BEIJING
from wechat.sdk.errors import Cause

# When messages to followers go on after the quota of a day was used up: nobody is written to at midnight.
MORNING = datetime.time(8, 0)
MINUTE = datetime.timedelta(seconds=61)
# The pauses between two probes of work on hold; the last one repeats.
PROBES = {
    Cause.ACCOUNT: tuple(datetime.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)),
    Cause.AWAY: tuple(datetime.timedelta(seconds=seconds) for seconds in (5, 10, 20, 30, 60)),
}
# So many answers that are none, one after the other, and the circuit opens.
FAILURES_TO_OPEN = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about a row after an error: due again at ``again_at``, or given up where that is ``None``.

    ``counts``: the attempt is one of those the row has; ``hold``: why its account's work may have to wait;
    ``is_expected``: the error is one of those that happen, and no fault of ours.
    """

    again_at: datetime.datetime | None
    counts: bool = True
    hold: Cause | None = None
    is_expected: bool = True

    def held(self, is_held: bool) -> "Decision":
        """Returns the decision once the account's work is on hold: the row waits there, and loses nothing."""
        return replace(self, again_at=timezone.now(), counts=False) if is_held else self


class NotYet(Exception):
    """A row has to wait for something else; it is looked at again after that time, and loses nothing."""

    def __init__(self, after: datetime.timedelta) -> None:
        super().__init__()
        self.after = after


def cause_of(error: object) -> Cause | None:
    """Returns why the error happened, or ``None`` if no other side is the cause of it."""
    if isinstance(error, ValidationError):
        return Cause.ROW
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Cause) else None


def is_about_row(error: object) -> bool:
    """Returns whether it is the other side's answer about one row: others of its account may pass."""
    return getattr(error, "is_answer", False) and cause_of(error) in {Cause.ROW, Cause.LATER}


def decide(error: object, attempts: int, retry: Sequence[datetime.timedelta]) -> Decision:
    """Returns what the error means for a row that had so many attempts before this one."""
    now = timezone.now()
    if isinstance(error, NotYet):
        return Decision(now + error.after, counts=False)
    cause = cause_of(error)
    again = now + retry[attempts] if attempts < len(retry) else None
    match cause:
        case Cause.ROW:
            return Decision(None)
        case Cause.LATER:
            return Decision(again)
        case None:
            return Decision(again, is_expected=False)
    return Decision(again, hold=cause)


def held_until(cause: Cause, probes: int) -> datetime.datetime:
    """Returns when work held for this cause may go on or is probed, after so many probes in vain."""
    now = timezone.now()
    if cause == Cause.QUOTA:
        return next_quota_day(now)
    if cause == Cause.RATE:
        return now + MINUTE
    pauses = PROBES[cause]
    return now + pauses[min(probes, len(pauses) - 1)]


def next_quota_day(now: datetime.datetime) -> datetime.datetime:
    """Returns a time a little after the midnight at which the platform counts anew.

    Source: WeChat reference 4.3.
    """
    tomorrow = now.astimezone(BEIJING).date() + datetime.timedelta(days=1)
    return datetime.datetime.combine(tomorrow, datetime.time(0, 5), tzinfo=BEIJING)


def next_quota_morning(now: datetime.datetime) -> datetime.datetime:
    """Returns the morning of the day on which the platform counts anew."""
    day = next_quota_day(now).astimezone(BEIJING).date()
    return datetime.datetime.combine(day, MORNING, tzinfo=BEIJING)
