"""The policy for errors: what an error means for its row, and for the other rows of the same account.

It depends on the ``cause`` of the SDK's errors, and is decided nowhere else:

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

While Postgres or Redis is away, the row is tried again after the first pause and loses no attempt. Any other
error is a bug of ours: the row is tried again, and given up when its attempts are used up.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.utils import timezone

from wechat.kernel import outage_errors
from wechat.sdk.beijing import BEIJING
from wechat.sdk.errors import Cause

# After a used-up daily quota, messages to followers go on at this time, and not at midnight.
MORNING = datetime.time(8, 0)
MINUTE = datetime.timedelta(seconds=61)
# The pauses between two probes of work on hold; the last one repeats.
PROBES = {
    Cause.ACCOUNT: tuple(datetime.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60)),
    Cause.AWAY: tuple(datetime.timedelta(seconds=seconds) for seconds in (5, 10, 20, 30, 60)),
}
# After so many failures in a row the circuit opens.
FAILURES_TO_OPEN = 3


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision about a row after an error: due again at ``again_at``, or given up if that is ``None``.

    ``counts``: the attempt counts towards the limit; ``hold``: the cause for a hold on the account's work;
    ``is_expected``: the error is a normal one, and no bug of ours.
    """

    again_at: datetime.datetime | None
    counts: bool = True
    hold: Cause | None = None
    is_expected: bool = True

    def held(self, is_held: bool) -> "Decision":
        """Returns the decision if the account's work is on hold: the row waits, and loses no attempt."""
        return replace(self, again_at=timezone.now(), counts=False) if is_held else self


class NotYet(Exception):
    """The error for a row that has to wait for something else: it is due again later and loses no attempt."""

    def __init__(self, after: datetime.timedelta) -> None:
        super().__init__()
        self.after = after


def cause_of(error: object) -> Cause | None:
    """Returns the cause of the error, or ``None`` if the other side did not cause it."""
    if isinstance(error, ValidationError):
        return Cause.ROW
    cause = getattr(error, "cause", None)
    return cause if isinstance(cause, Cause) else None


def is_about_row(error: object) -> bool:
    """Returns whether the other side refused this row only, so that other rows may pass."""
    return getattr(error, "is_answer", False) and cause_of(error) in {Cause.ROW, Cause.LATER}


def decide(error: object, attempts: int, retry: Sequence[datetime.timedelta]) -> Decision:
    """Returns the decision about a row after this error and so many attempts before it."""
    now = timezone.now()
    if isinstance(error, NotYet):
        return Decision(now + error.after, counts=False)
    if isinstance(error, BaseException) and outage_errors.outage_of(error):
        return Decision(now + retry[0], counts=False)
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
    """Returns when work on hold for this cause is probed next, after so many failed probes."""
    now = timezone.now()
    if cause == Cause.QUOTA:
        return next_quota_day(now)
    if cause == Cause.RATE:
        return now + MINUTE
    pauses = PROBES[cause]
    return now + pauses[min(probes, len(pauses) - 1)]


def next_quota_day(now: datetime.datetime) -> datetime.datetime:
    """Returns a time shortly after the midnight at which the platform resets its quotas.

    Source: WeChat reference 4.3.
    """
    tomorrow = now.astimezone(BEIJING).date() + datetime.timedelta(days=1)
    return datetime.datetime.combine(tomorrow, datetime.time(0, 5), tzinfo=BEIJING)


def next_quota_morning(now: datetime.datetime) -> datetime.datetime:
    """Returns the morning after the platform resets its quotas."""
    day = next_quota_day(now).astimezone(BEIJING).date()
    return datetime.datetime.combine(day, MORNING, tzinfo=BEIJING)
