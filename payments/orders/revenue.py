"""What was paid, by day and by what it was paid for: sums of days that are over, and today as it stands.

Each event of an order, handed on once after it is true, names the day that it changed (``note``). A day is
worked out as a whole, from its orders, when it is over and whenever it was changed since, so that nothing can
be added twice or forgotten, and a notification of WeChat Pay does nothing for it. A change that comes while a
day is worked out makes it due again.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from accounts.official.models import OfficialAccount
from payments.orders.events import Topic, handles
from payments.orders.models import OrderEvent, RevenueDay, RevenueSum
from wechat.console.periods import DAY, Period, midnight
from wechat.kernel import work

Facet = RevenueSum.Facet
Asked = dict[str, Any]
# Before WeChat Pay there was nothing to be paid.
FIRST = datetime.date(2013, 8, 1)
# So long after its end a day is worked out: what was paid just before it has mostly been told by then.
SETTLING = datetime.timedelta(minutes=10)

DAYS = work.Kind(
    "orders.sum_revenue",
    lambda: RevenueDay.objects.all(),
    lease=datetime.timedelta(minutes=5),
    queue=work.BULK,
    subject="",
    gives_up=False,
)

# A payment of today touches no row that another one touches: it finds its day there.
NOTE_TODAY = """
INSERT INTO orders_revenueday (account_id, day, due_at, attempts, error)
VALUES (%(account)s, %(day)s, %(due)s, 0, '')
ON CONFLICT (account_id, day) DO NOTHING
"""
# Another time than that of a lease: whoever works the day out just now knows that it has to be done again.
NOTE_PAST = """
INSERT INTO orders_revenueday (account_id, day, due_at, attempts, error)
VALUES (%(account)s, %(day)s, %(due)s, 0, '')
ON CONFLICT (account_id, day) DO UPDATE SET due_at = excluded.due_at
"""
# By each facet at once, in one reading of the orders. An order belongs to the channel that first brought its
# payer, as far as that is known at this time.
SUMS = """
SELECT day,
    CASE WHEN grouping(item) = 0 THEN 'item' WHEN grouping(way) = 0 THEN 'way'
        WHEN grouping(source) = 0 THEN 'source' WHEN grouping(merchant) = 0 THEN 'merchant'
        WHEN grouping(channel) = 0 THEN 'channel' ELSE '' END AS facet,
    coalesce(item, way, source, merchant, channel, '') AS value,
    count(*) AS count, sum(total)::bigint AS total, sum(refunded)::bigint AS refunded
FROM (
    SELECT (paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day, item, way, source,
        merchant_id::text AS merchant, coalesce(known.first_channel_id::text, '') AS channel,
        total, refunded
    FROM unnest(%(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS span (begins, ends)
    JOIN orders_order ON orders_order.account_id = %(account)s
        AND paid_at >= span.begins AND paid_at < span.ends
    LEFT JOIN channels_attribution AS known
        ON known.account_id = %(account)s AND known.openid = payer_openid
) AS paid
GROUP BY GROUPING SETS ((day), (day, item), (day, way), (day, source), (day, merchant), (day, channel))
"""
KEEP = f"""
INSERT INTO orders_revenuesum (day, facet, value, count, total, refunded, account_id)
SELECT *, %(account)s FROM ({SUMS}) AS worked_out
"""  # noqa: S608 - of our own parts


@dataclass(frozen=True, slots=True)
class Amounts:
    """Orders that were paid; amounts in fen."""

    count: int = 0
    total: int = 0
    refunded: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(self.count + other.count, self.total + other.total, self.refunded + other.refunded)

    @property
    def net(self) -> int:
        return self.total - self.refunded


@dataclass(slots=True)
class Revenue:
    """What was paid in a period: by day, and by each facet by value."""

    days: dict[datetime.date, Amounts] = field(default_factory=dict)
    facets: dict[str, dict[str, Amounts]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, facet: str, value: str, amounts: Amounts) -> None:
        values = self.facets[facet]
        values[value] = values.get(value, Amounts()) + amounts


@handles("revenue", Topic.PAID, Topic.REFUNDED)
def note(event: OrderEvent) -> None:
    """Notes which day an event changed."""
    if event.order.paid_at is not None:
        note_days(event.order.account_id, [timezone.localdate(event.order.paid_at)])


def note_days(account_id: int, days: Iterable[datetime.date]) -> None:
    """Has these days worked out once they are over; at once those that are."""
    now = timezone.now()
    with connection.cursor() as cursor:
        for day in sorted(set(days)):
            ready = midnight(day + DAY) + SETTLING
            asked: Asked = {"account": account_id, "day": day, "due": max(ready, now)}
            cursor.execute(NOTE_TODAY if ready > now else NOTE_PAST, asked)
            if ready <= now:
                work.wake(DAYS.name)


@DAYS.each
def work_out(row: RevenueDay) -> None:
    """Replaces the sums of a day by those of its orders."""
    with transaction.atomic():
        RevenueSum.objects.filter(account=row.account_id, day=row.day).delete()
        with connection.cursor() as cursor:
            cursor.execute(KEEP, _asked(row.account_id, [row.day]))
        # Last, so that whoever notes the day meanwhile is not waited for by the reading.
        if not row.done():
            transaction.set_rollback(True)


def of(account: OfficialAccount, period: Period) -> Revenue:
    """Returns everything about a period."""
    found = Revenue()
    live = _live_days(account, period)
    known = RevenueSum.objects.filter(account=account, day__range=(period.first, period.last))
    known = known.exclude(day__in=live) if live else known
    for facet, value, *amounts in _by_facet(known):
        found.add(facet, value, Amounts(*amounts))
    for day, *amounts in known.filter(facet=Facet.WHOLE).values_list("day", "count", "total", "refunded"):
        found.days[day] = Amounts(*amounts)
    for day, facet, value, amounts_now in _sums(account, live):
        if facet == Facet.WHOLE:
            found.days[day] = amounts_now
        else:
            found.add(facet, value, amounts_now)
    return found


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[datetime.date, Amounts]:
    """Returns the days on which something was paid, both ends included."""
    live = _live_days(account, Period(first, last))
    known = RevenueSum.objects.filter(account=account, facet=Facet.WHOLE, day__range=(first, last))
    known = known.exclude(day__in=live) if live else known
    found = {day: Amounts(*rest) for day, *rest in known.values_list("day", "count", "total", "refunded")}
    found.update({day: sums for day, facet, _value, sums in _sums(account, live) if facet == Facet.WHOLE})
    return found


def differences(account: OfficialAccount) -> Iterator[tuple[datetime.date, str]]:
    """Returns days whose sums are not those of their orders, with what differs; none is the good news.

    Channels are left out: who was brought by which may become known later. Days that are due are no matter.
    """
    ends = timezone.localdate() - DAY
    counted = {
        (day, facet, value): amounts
        for day, facet, value, amounts in _sums(account, Period(FIRST, ends).days)
    }
    kept = {
        (row.day, row.facet, row.value): Amounts(row.count, row.total, row.refunded)
        for row in RevenueSum.objects.filter(account=account, day__lte=ends)
    }
    due = set(RevenueDay.objects.filter(account=account, due_at__isnull=False).values_list("day", flat=True))
    for key in sorted(counted.keys() | kept.keys()):
        day, facet, value = key
        if facet != Facet.CHANNEL and day not in due and counted.get(key) != kept.get(key):
            yield day, f"{facet} {value}: {kept.get(key)} ≠ {counted.get(key)}".strip()


def _by_facet(known: QuerySet[RevenueSum]) -> Iterator[tuple[Any, ...]]:
    parts = known.exclude(facet=Facet.WHOLE).values_list("facet", "value").order_by()
    yield from parts.annotate(number=Sum("count"), paid=Sum("total"), back=Sum("refunded"))


def _live_days(account: OfficialAccount, period: Period) -> list[datetime.date]:
    """Returns the days that are not worked out: those without a payment, those that changed, and today."""
    done = RevenueDay.objects.filter(
        account=account, due_at__isnull=True, day__range=(period.first, period.last)
    )
    known = set(done.values_list("day", flat=True))
    return [day for day in period.days if day not in known]


def _sums(
    account: OfficialAccount, days: Sequence[datetime.date]
) -> list[tuple[datetime.date, str, str, Amounts]]:
    """Works days out, given in their order."""
    if not days:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SUMS, _asked(account.pk, days))
        return [(day, facet, value, Amounts(*rest)) for day, facet, value, *rest in cursor.fetchall()]


def _asked(account_id: int, days: Sequence[datetime.date]) -> Asked:
    """Returns what ``SUMS`` takes: days that follow one another are one span."""
    begins = [day for place, day in enumerate(days) if not place or days[place - 1] != day - DAY]
    ends = [day for place, day in enumerate(days) if day == days[-1] or days[place + 1] != day + DAY]
    return {
        "account": account_id,
        "begins": [midnight(day) for day in begins],
        "ends": [midnight(day + DAY) for day in ends],
    }
