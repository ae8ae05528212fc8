"""How much background work is due, and for how long: what ``/metrics`` tells of it, by name."""

import time
from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone
from django_redis import get_redis_connection
from prometheus_client.core import GaugeMetricFamily, Metric

from wechat.kernel.exposition import gauges
from wechat.kernel.models import Hold
from wechat.kernel.work.kinds import KINDS

# A longer backlog is not counted to its end: that would cost more than the number is worth.
MOST = 100_000
TICK = "wc:tick"


@gauges("work")
def work() -> Iterator[Metric]:
    """Rows due, and the age of the oldest that a worker may take, by kind of work; indexes answer."""
    due = GaugeMetricFamily("wechat_work_due", "Rows of work that are due", labels=["work", "queue"])
    oldest = GaugeMetricFamily(
        "wechat_work_oldest_seconds",
        "Age of the row that is due the longest, of those on no hold",
        labels=["work", "queue"],
    )
    now = timezone.now()
    for kind in KINDS:
        rows = kind.backlog()
        if rows is None:
            continue
        count = rows.order_by()[:MOST].count()
        free = kind.free_backlog() if count else None
        since = free.aggregate(since=Min("due_at"))["since"] if free is not None else None
        due.add_metric([kind.name, kind.queue], count)
        oldest.add_metric([kind.name, kind.queue], max(0.0, (now - since).total_seconds()) if since else 0.0)
    yield due
    yield oldest


@gauges("held")
def held() -> Iterator[Metric]:
    """Kinds of work on hold: used-up quotas, refusals, open circuits."""
    found = GaugeMetricFamily("wechat_work_held", "Kinds of work on hold", labels=["work", "part", "cause"])
    rows = Hold.objects.filter(until__isnull=False).values("work", "part", "cause").order_by()
    for row in rows.annotate(number=Count("pk")):
        found.add_metric([row["work"], row["part"], row["cause"]], row["number"])
    yield found


@gauges("tick")
def tick() -> Iterator[Metric]:
    """How long ago beat's tick was last taken by a worker; nothing before the first."""
    ticked_at = get_redis_connection("default").get(TICK)
    if ticked_at is not None:
        age = max(0.0, time.time() - float(ticked_at))
        yield GaugeMetricFamily("wechat_tick_age_seconds", "Time since beat's last tick", value=age)


def note_tick() -> None:
    """Writes down that a worker takes ticks. Raises ``RedisError``."""
    get_redis_connection("default").set(TICK, time.time())
