"""The background work that enrols followers by segment or by date, for which there is no event.

A slice of followers is one statement; what is left when a turn is over is due again at once.
"""

import calendar
import datetime
import time

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers.models import FieldValue, Follower, Segment
from accounts.followers.segments import UnknownCondition
from wechat.campaigns.models import Sequence
from wechat.campaigns.sequences import entering
from wechat.kernel import hours, work
from wechat.sdk.beijing import BEIJING

# The longest turn of a sequence: afterwards the others get theirs.
RUN_SECONDS = 10.0
LEASE = datetime.timedelta(minutes=5)
EVERY = datetime.timedelta(hours=1)
SLICE = 5_000
MANY = 1_000
A_DAY = datetime.timedelta(days=1)
# The settings that decide when to poll, and for which followers.
DECIDED_BY = frozenset({"trigger", "segment", "date_field", "date_days", "date_at", "yearly"})

ENTRIES = work.Kind(
    "campaigns.enter_sequences",
    lambda: Sequence.objects.filter(
        enabled=True, account__enabled=True, trigger__in=Sequence.POLLED_TRIGGERS
    ).select_related("account", "segment", "date_field"),
    label=gettext_lazy("Looking who enters sequences"),
    lease=LEASE,
    queue=work.BULK,
    # It calls no platform.
    subject="",
)


def plan(sequence: Sequence) -> None:
    """Schedules the next poll according to the sequence's settings; for a day that is over nobody enters."""
    now = timezone.now()
    due_at = None
    if sequence.enabled and sequence.trigger == "segment":
        due_at = now
    elif sequence.enabled and sequence.trigger == "date" and sequence.date_at is not None:
        due_at = hours.next_time(sequence.date_at, now)
        sequence.entered_day = due_at.date() - A_DAY
    Sequence.objects.filter(pk=sequence.pk).update(
        due_at=due_at, entered_day=sequence.entered_day, attempts=0, error="", errcode=None
    )
    if due_at is not None:
        work.wake(ENTRIES.name)


@ENTRIES.each
def poll(sequence: Sequence) -> None:
    """Enrols the followers who are in the segment, or whose date has come."""
    until = time.monotonic() + RUN_SECONDS
    if sequence.segment is not None:
        _enrol_from_segment(sequence, sequence.segment, until)
    elif sequence.date_field is not None:
        _enrol_by_date(sequence, until)
    else:
        gone = _("What the sequence begins with was deleted. Choose anew under “Settings”.")
        sequence.done(due_at=timezone.now() + EVERY, error=gone)


def _enrol_from_segment(sequence: Sequence, segment: Segment, until: float) -> None:
    now = timezone.now()
    try:
        members = segment.rows()
    except UnknownCondition as error:
        sequence.done(due_at=now + EVERY, error=str(error))
        return
    waiting = entering.not_yet_entered(sequence, members, now)
    is_all = _enter_all(sequence, waiting, f"segment:{segment.pk}", now, until)
    sequence.done(due_at=now + EVERY if is_all else now)


def _enrol_by_date(sequence: Sequence, until: float) -> None:
    """Enrols the followers of each day since the last one; days before yesterday are skipped as too late."""
    clock, now = sequence.date_at, timezone.now()
    if clock is None:
        sequence.done()
        return
    today = now.astimezone(BEIJING).date()
    day = max(sequence.entered_day + A_DAY if sequence.entered_day else today, today - A_DAY)
    while (at := datetime.datetime.combine(day, clock, tzinfo=BEIJING)) <= now:
        if not _enter_all(sequence, people_of(sequence, day), f"date:{day}", at, until):
            sequence.done(due_at=now, entered_day=day - A_DAY)
            return
        day += A_DAY
    sequence.done(due_at=at, entered_day=day - A_DAY)


def people_of(sequence: Sequence, day: datetime.date) -> QuerySet[Follower]:
    """Returns the followers whose date lies the sequence's ``date_days`` before that day."""
    wanted = day - datetime.timedelta(days=sequence.date_days)
    values = FieldValue.objects.filter(field=sequence.date_field_id, follower=OuterRef("pk"))
    return Follower.objects.filter(Exists(values.filter(_on(wanted, yearly=sequence.yearly))))


def _on(day: datetime.date, *, yearly: bool) -> Q:
    """Returns the filter for dates on that day; the 29th of February is kept on the 28th in other years."""
    if not yearly:
        return Q(date=day)
    same = Q(date__month=day.month, date__day=day.day)
    if (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
        same |= Q(date__month=2, date__day=29)
    return same


def _enter_all(
    sequence: Sequence, followers: QuerySet[Follower], key: str, at: datetime.datetime, until: float
) -> bool:
    """Enrols the followers in slices; returns ``False`` if the time was over before the last slice."""
    last: int | None = 0
    is_known = False
    while last is not None:
        if time.monotonic() >= until:
            return False
        entered, last = entering.several(sequence, followers, key, at, after=last, most=SLICE)
        if entered >= MANY and not is_known:
            is_known = True
            _update_planner_statistics()
    return True


def _update_planner_statistics() -> None:
    """Updates the statistics of Postgres on the enrolments.

    Otherwise its planner would assume that there are no new rows, and scan them for each follower.
    """
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE campaigns_enrolment")
