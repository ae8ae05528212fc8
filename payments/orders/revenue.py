"""The revenue by day and facet: kept sums of past days, and today's from the orders themselves.

Each order event names the day that it changed (``note``). A day is always computed as a whole from its
orders, when it is over and after each change, so nothing is added twice or forgotten. Notifications of WeChat
Pay do nothing for it. A change while a day is computed makes it due again.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from payments.orders.events import Topic, handles
from payments.orders.models import OrderEvent, RevenueDay, RevenueSum
from wechat.console.periods import DAY, Period
from wechat.kernel import work
from wechat.sdk.beijing import midnight

Facet = RevenueSum.Facet
Asked = dict[str, Any]
# Before WeChat Pay there was nothing to be paid.
FIRST = datetime.date(2013, 8, 1)
# So long after its end a day is worked out: what was paid just before it has mostly been told by then.
SETTLING = datetime.timedelta(minutes=10)

DAYS = work.Kind(
    "orders.sum_revenue",
    lambda: RevenueDay.objects.all(),
    label=gettext_lazy("Summing up revenue by day"),
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
ALL_DAYS = "SELECT generate_series(%(first)s::date, %(last)s::date, interval '1 day')::date AS day"
# Today, those that changed, and those on which nothing was paid.
LIVE_DAYS = f"""
SELECT day FROM ({ALL_DAYS}) AS every WHERE NOT EXISTS (
    SELECT FROM orders_revenueday AS done
    WHERE done.account_id = %(account)s AND done.day = every.day AND done.due_at IS NULL
)
"""  # noqa: S608 - of our own parts
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
    SELECT day, item, way, source, merchant_id::text AS merchant,
        coalesce(known.first_channel_id::text, '') AS channel, total, refunded
    FROM ({days}) AS wanted
    JOIN orders_order AS paid ON paid.account_id = %(account)s
        AND paid_at >= day::timestamp AT TIME ZONE 'Asia/Shanghai'
        AND paid_at < (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
    LEFT JOIN channels_attribution AS known
        ON known.account_id = %(account)s AND known.openid = payer_openid
) AS orders
GROUP BY GROUPING SETS ((day), (day, item), (day, way), (day, source), (day, merchant), (day, channel))
"""
COUNTED = SUMS.format(days=ALL_DAYS)
KEEP = f"""
INSERT INTO orders_revenuesum (day, facet, value, count, total, refunded, account_id)
SELECT *, %(account)s FROM ({COUNTED}) AS worked_out
"""  # noqa: S608 - of our own parts
# All of it in one statement, so that a day that is worked out meanwhile is in it once. By day for the whole,
# and for the period by the values of a facet.
READ = f"""
WITH live AS MATERIALIZED ({LIVE_DAYS}),
known AS (
    SELECT day, facet, value, count, total, refunded FROM orders_revenuesum
    WHERE account_id = %(account)s AND facet = ANY(%(facets)s)
        AND day BETWEEN %(first)s AND %(last)s AND day NOT IN (SELECT day FROM live)
    UNION ALL
    SELECT * FROM ({SUMS.format(days="SELECT day FROM live")}) AS now WHERE facet = ANY(%(facets)s)
)
SELECT CASE WHEN facet = '' THEN day END, facet, value,
    sum(count)::bigint, sum(total)::bigint, sum(refunded)::bigint
FROM known GROUP BY 1, 2, 3
"""  # noqa: S608 - of our own parts


@dataclass(frozen=True, slots=True)
class Amounts:
    """The number of paid orders and their amounts in fen."""

    count: int = 0
    total: int = 0
    refunded: int = 0

    def __add__(self, other: "Amounts") -> "Amounts":
        return Amounts(self.count + other.count, self.total + other.total, self.refunded + other.refunded)

    @property
    def net(self) -> int:
        return self.total - self.refunded


@dataclass(slots=True)
class PeriodRevenue:
    """The payments of a period, by day, and by the values of each facet."""

    days: dict[datetime.date, Amounts] = field(default_factory=dict)
    facets: dict[str, dict[str, Amounts]] = field(default_factory=lambda: defaultdict(dict))


@handles("revenue", Topic.PAID, Topic.REFUNDED)
def note(event: OrderEvent) -> None:
    """Marks the day that an event changed."""
    if event.order.paid_at is not None:
        note_days(event.order.account_id, [timezone.localdate(event.order.paid_at)])


def note_days(account_id: int, days: Iterable[datetime.date]) -> None:
    """Makes these days due for computing: past ones at once, others when they are over."""
    now = timezone.now()
    with connection.cursor() as cursor:
        for day in sorted(set(days)):
            ready = midnight(day + DAY) + SETTLING
            asked: Asked = {"account": account_id, "day": day, "due": max(ready, now)}
            cursor.execute(NOTE_TODAY if ready > now else NOTE_PAST, asked)
            if ready <= now:
                work.wake(DAYS.name)


@DAYS.each
def compute(row: RevenueDay) -> None:
    """Computes the sums of a day from its orders."""
    with transaction.atomic():
        RevenueSum.objects.filter(account=row.account_id, day=row.day).delete()
        with connection.cursor() as cursor:
            cursor.execute(KEEP, _asked(row.account_id, row.day, row.day))
        # Last, so that whoever notes the day meanwhile is not waited for by the reading.
        if not row.done():
            transaction.set_rollback(True)


def paid(
    account: OfficialAccount, period: Period, facets: Iterable[str] = tuple(RevenueSum.Facet.values)
) -> PeriodRevenue:
    """Returns the payments of a period by these facets."""
    found = PeriodRevenue()
    asked = {**_asked(account.pk, period.first, period.last), "facets": list(facets)}
    with connection.cursor() as cursor:
        cursor.execute(READ, asked)
        for day, facet, value, *amounts in cursor.fetchall():
            if facet == Facet.WHOLE:
                found.days[day] = Amounts(*amounts)
            else:
                found.facets[facet][value] = Amounts(*amounts)
    return found


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[datetime.date, Amounts]:
    """Returns the days of a period, both ends included, with payments."""
    return paid(account, Period(first, last), [Facet.WHOLE]).days


def differences(account: OfficialAccount) -> Iterator[tuple[datetime.date, str]]:
    """Yields each day whose kept sums differ from its orders, with the difference.

    Channels are left out, because the channel of a payer may become known later; so are days that are due.
    """
    ends = timezone.localdate() - DAY
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, _asked(account.pk, FIRST, ends))
        counted = {(day, facet, value): Amounts(*rest) for day, facet, value, *rest in cursor.fetchall()}
    kept = {
        (row.day, row.facet, row.value): Amounts(row.count, row.total, row.refunded)
        for row in RevenueSum.objects.filter(account=account, day__lte=ends)
    }
    due = set(RevenueDay.objects.filter(account=account, due_at__isnull=False).values_list("day", flat=True))
    for key in sorted(counted.keys() | kept.keys()):
        day, facet, value = key
        if facet != Facet.CHANNEL and day not in due and counted.get(key) != kept.get(key):
            yield day, f"{facet} {value}: {kept.get(key)} ≠ {counted.get(key)}".strip()


def _asked(account_id: int, first: datetime.date, last: datetime.date) -> Asked:
    return {"account": account_id, "first": first, "last": last}
