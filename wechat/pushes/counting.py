"""The daily counts of messages: past days are counted once a night, the others on request.

A message belongs to the day on which it was queued. Receipts arrive later: the last days are counted again
each night, and what is reported after ``SETTLES_AFTER`` changes no figure any more.
"""

import datetime
from dataclasses import dataclass

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from wechat.console.periods import DAY
from wechat.kernel import rows_by_time, work
from wechat.pushes.models import Push, PushDay
from wechat.pushes.states import SENT_STATES, PushState
from wechat.sdk.beijing import midnight

SETTLES_AFTER = 3 * DAY
# How far back an account is counted for the first time.
FURTHEST = 400 * DAY
# Ids ascend with time except among concurrent transactions: the most that the order may be off.
SLACK = 10_000


@dataclass(frozen=True, slots=True)
class DayCount:
    """The counts of one day; ``delivered`` are confirmed by WeChat, ``failed`` includes uncertain ones."""

    sent: int
    delivered: int
    failed: int


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> dict[datetime.date, DayCount]:
    """Returns the current counts of the days on which messages were queued, both ends included."""
    kept = list(PushDay.objects.filter(account=account, day__gte=first).order_by("day"))
    found = {row.day: DayCount(row.sent, row.delivered, row.failed) for row in kept if row.day <= last}
    rows = Push.objects.filter(account=account, created_at__lt=midnight(last + DAY))
    if kept:
        rows = rows.filter(pk__gt=kept[-1].last_id - SLACK, created_at__gte=midnight(kept[-1].day + DAY))
    else:
        rows = rows.filter(created_at__gte=midnight(first))
    found.update({day: counted for day, counted, _last_id in _counted(rows)})
    return found


def _lacking() -> QuerySet[OfficialAccount]:
    """Returns the accounts whose yesterday has not been counted."""
    yesterday = timezone.localdate() - DAY
    counted = PushDay.objects.filter(account=OuterRef("pk"), day=yesterday)
    return OfficialAccount.objects.filter(~Exists(counted))


COUNTING = work.TurnKind(
    "pushes.count_days",
    lambda: _lacking().exists(),
    label=gettext_lazy("Counting sent messages by day"),
    queue=work.BULK,
)


@COUNTING.does
def count_nights(turn: work.Turn) -> int:
    """Counts the past days of one account after the other; returns the number of accounts counted."""
    counted = 0
    for account in _lacking():
        if turn.is_over:
            break
        _count(account, timezone.localdate() - DAY)
        counted += 1
    return counted


def _count(account: OfficialAccount, yesterday: datetime.date) -> None:
    settled = PushDay.objects.filter(account=account, day__lte=yesterday - SETTLES_AFTER)
    last = settled.order_by("-day").first()
    first = last.day + DAY if last else yesterday - FURTHEST
    begins = last.last_id - SLACK if last else rows_by_time.first_id(Push, "created_at", midnight(first))
    rows = Push.objects.filter(
        account=account,
        pk__gte=begins,
        created_at__gte=midnight(first),
        created_at__lt=midnight(yesterday + DAY),
    )
    newest = begins
    made: list[PushDay] = []
    for day, counted, last_id in [*_counted(rows), (yesterday, DayCount(0, 0, 0), begins)]:
        if not made or made[-1].day < day:
            newest = max(newest, last_id)
            made.append(_row(account, day, counted, newest))
    PushDay.objects.bulk_create(
        made,
        update_conflicts=True,
        unique_fields=["account", "day"],
        update_fields=["sent", "delivered", "failed", "last_id"],
    )


def _row(account: OfficialAccount, day: datetime.date, counted: DayCount, last_id: int) -> PushDay:
    return PushDay(
        account=account,
        day=day,
        sent=counted.sent,
        delivered=counted.delivered,
        failed=counted.failed,
        last_id=last_id,
    )


def _counted(rows: QuerySet[Push]) -> list[tuple[datetime.date, DayCount, int]]:
    """Returns the days in ascending order, with their counts and the newest id of each."""
    counted = (
        rows.annotate(day=TruncDate("created_at"))
        .values_list("day")
        .annotate(
            sent=Count("pk", filter=Q(state__in=sorted(SENT_STATES))),
            delivered=Count("pk", filter=Q(state=PushState.DELIVERED)),
            failed=Count("pk", filter=Q(state__in=[PushState.FAILED, PushState.UNCERTAIN])),
            newest=Max("pk"),
        )
        .order_by("day")
    )
    return [(day, DayCount(*numbers), newest) for day, *numbers, newest in counted]
