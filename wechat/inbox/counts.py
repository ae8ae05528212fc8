"""The numbers of messages by day and kind; each message is counted once, minutes after it arrived.

Messages do not change, and their ids rise. A worker counts those after the last counted one, and saves the
new position in the same transaction; callbacks do nothing for it. An id can be assigned before its row is
visible. So a turn counts only up to the id that the turn before saw as the newest, once every transaction of
that time has ended. Messages that are not counted yet are counted by the query that asks.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from wechat.console.periods import DAY, Period
from wechat.inbox.models import CountProgress, InboundMessage, MessageCount
from wechat.kernel import retention, work
from wechat.sdk.beijing import midnight

# Long enough for an answer that is late to be there, short enough for a page to count the rest.
PAUSE = datetime.timedelta(minutes=5)
BATCH = 200_000
EVENT, MALFORMED = "event", InboundMessage.MALFORMED

COUNT = """
INSERT INTO inbox_messagecount (account_id, day, kind, event, count, unanswered)
SELECT account_id, (received_at AT TIME ZONE 'Asia/Shanghai')::date AS day, kind, event, count(*),
    count(*) FILTER (WHERE kind = 'text' AND answered_by = '')
FROM inbox_inboundmessage WHERE id > %(after)s AND id <= %(last)s
    AND received_at >= coalesce(%(since)s::timestamptz, '-infinity')
GROUP BY account_id, day, kind, event
ON CONFLICT (account_id, day, kind, event) DO UPDATE SET
    count = inbox_messagecount.count + excluded.count,
    unanswered = inbox_messagecount.unanswered + excluded.unanswered
"""
# One statement, so that nothing is counted twice or left out while a worker counts.
BY_DAY = """
SELECT day, kind, event, count, unanswered FROM inbox_messagecount
WHERE account_id = %(account)s AND day BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT (received_at AT TIME ZONE 'Asia/Shanghai')::date AS day, kind, event, count(*),
    count(*) FILTER (WHERE kind = 'text' AND answered_by = '')
FROM inbox_inboundmessage
WHERE account_id = %(account)s AND id > (SELECT coalesce(max(counted), 0) FROM inbox_countprogress)
    AND received_at >= %(begins)s AND received_at < %(ends)s
GROUP BY day, kind, event
"""
OF_ROWS = """
SELECT account_id, (received_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
    CASE WHEN kind = 'event' THEN event ELSE kind END, count(*)
FROM inbox_inboundmessage WHERE account_id = %(account)s AND id <= %(last)s
GROUP BY 1, 2, 3
"""
SNAPSHOT = """
SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""


@dataclass(frozen=True, slots=True)
class MessageTally:
    count: int = 0
    unanswered: int = 0

    def __add__(self, other: "MessageTally") -> "MessageTally":
        return MessageTally(self.count + other.count, self.unanswered + other.unanswered)


# By kind and event.
Kinds = Mapping[tuple[str, str], MessageTally]


def is_due() -> bool:
    progress = CountProgress.objects.first()
    return progress is None or progress.due_at <= timezone.now()


COUNTING = work.TurnKind(
    "inbox.count", is_due, label=gettext_lazy("Counting messages by day"), queue=work.BULK
)


@COUNTING.does
def count(turn: work.Turn) -> int:
    """Counts up to the message that was the newest at the last turn; returns the number of ids."""
    with transaction.atomic():
        CountProgress.objects.get_or_create(pk=1, defaults={"due_at": timezone.now()})
        progress = CountProgress.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        if progress is None or progress.due_at > timezone.now():
            return 0
        oldest_open, next_one = _snapshot()
        before = progress.counted
        if progress.seen_by <= oldest_open:
            _count_up_to(progress, turn)
        if progress.counted == progress.seen:
            progress.seen = InboundMessage.objects.aggregate(newest=Max("pk"))["newest"] or progress.seen
            progress.seen_by, progress.due_at = next_one, timezone.now() + PAUSE
        elif progress.counted == before:
            progress.due_at = timezone.now() + PAUSE
        progress.save()
        return progress.counted - before


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[datetime.date, Kinds]:
    """Returns the days of a period, both ends included, on which messages arrived."""
    period = Period(first, last)
    found: dict[datetime.date, dict[tuple[str, str], MessageTally]] = defaultdict(dict)
    asked: dict[str, Any] = {
        "account": account.pk, "first": first, "last": last, "begins": period.begins, "ends": period.ends
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, asked)
        for day, kind, event, *rest in cursor.fetchall():
            kinds = found[day]
            kinds[kind, event] = kinds.get((kind, event), MessageTally()) + MessageTally(*rest)
    return found


def what_people_wrote(kinds: Kinds) -> MessageTally:
    """Returns the rows that are messages, without events and unreadable pushes."""
    wrote = (counted for (kind, _event), counted in kinds.items() if kind not in {EVENT, MALFORMED})
    return sum(wrote, MessageTally())


def differences(account: OfficialAccount) -> Iterator[tuple[datetime.date, str]]:
    """Yields each day whose kept count differs from its messages, with both numbers.

    Days whose messages may have been deleted are left out.
    """
    progress = CountProgress.objects.first()
    first = _first_whole_day()
    asked = {"account": account.pk, "last": progress.counted if progress else 0}
    with connection.cursor() as cursor:
        cursor.execute(OF_ROWS, asked)
        rows = {(day, kind): number for _account, day, kind, number in cursor.fetchall()}
    kept: dict[tuple[datetime.date, str], int] = defaultdict(int)
    for each in MessageCount.objects.filter(account=account):
        kept[each.day, each.event if each.kind == EVENT else each.kind] += each.count
    for day in sorted({day for day, _kind in (*rows, *kept) if not first or day >= first}):
        here, there = (
            {kind: number for (its, kind), number in found.items() if its == day} for found in (kept, rows)
        )
        if here != there:
            yield day, f"{here} ≠ {there}"


def count_again() -> None:
    """Starts the count again for every day whose messages are all still there."""
    first = _first_whole_day()
    with transaction.atomic():
        CountProgress.objects.select_for_update().filter(pk=1).update(
            counted=0, seen=0, seen_by=0, since=first and midnight(first), due_at=timezone.now()
        )
        MessageCount.objects.filter(**({"day__gte": first} if first else {})).delete()


def _first_whole_day() -> datetime.date | None:
    """Returns the first day whose messages are all too new to be deleted; ``None`` if all are kept."""
    since = retention.CLASSES.get("messages").kept_since
    return timezone.localdate(since) + DAY if since else None


def _snapshot() -> tuple[int, int]:
    """Returns the id of the oldest running transaction, and of the next one to begin."""
    with connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        found: tuple[int, int] = cursor.fetchone()
        return found


def _count_up_to(progress: CountProgress, turn: work.Turn) -> None:
    while progress.counted < progress.seen and not turn.is_over:
        last = min(progress.counted + BATCH, progress.seen)
        with connection.cursor() as cursor:
            cursor.execute(COUNT, {"after": progress.counted, "last": last, "since": progress.since})
        progress.counted = last
