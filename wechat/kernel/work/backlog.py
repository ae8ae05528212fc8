"""How much background work is due, and for how long: what ``/metrics`` tells of it, by name."""

import time
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter

from django.utils import timezone
from django_redis import get_redis_connection
from prometheus_client.core import GaugeMetricFamily, Metric

from wechat.kernel.exposition import Store, gauges
from wechat.kernel.models import Hold
from wechat.kernel.work.kinds import KINDS

# A longer backlog is not counted to its end: that would cost more than the number is worth.
MOST = 100_000
TICK = "wc:tick"


@gauges("work")
def work() -> Iterator[Metric]:
    """Yields rows due, and the age of the oldest that a worker may take, by kind of work; indexes answer."""
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
        since = kind.oldest_due() if count else None
        due.add_metric([kind.name, kind.queue], count)
        oldest.add_metric([kind.name, kind.queue], max(0.0, (now - since).total_seconds()) if since else 0.0)
    yield due
    yield oldest


@gauges("held")
def held() -> Iterator[Metric]:
    """Yields kinds of work on hold, each by whose it is: used-up quotas, refusals, open circuits."""
    found = GaugeMetricFamily(
        "wechat_work_held", "Kinds of work on hold", labels=["work", "part", "cause", "account"]
    )
    rows = Hold.objects.filter(until__isnull=False).order_by("work", "part", "subject")
    for work, of_work in groupby(rows, attrgetter("work")):
        holds = list(of_work)
        names = _names(work, {hold.subject for hold in holds})
        for hold in holds:
            found.add_metric([work, hold.part, hold.cause, names[hold.subject]], 1)
    yield found


def _names(work: str, subjects: set[int]) -> dict[int, str]:
    """Returns names by number: the short name of an account or a merchant, else what it is and the number."""
    kind = KINDS.find(work)
    model = kind.subjects() if kind else None
    if model is None:
        return {number: str(number) for number in subjects}
    names = {number: f"{model._meta.model_name} {number}" for number in subjects}
    if any(field.name == "slug" for field in model._meta.get_fields()):
        names.update(model._default_manager.filter(pk__in=subjects).values_list("pk", "slug"))
    return names


@gauges("tick", Store.REDIS)
def tick() -> Iterator[Metric]:
    """Yields how many seconds ago a worker last took beat's tick; nothing before the first."""
    ticked_at = get_redis_connection("default").get(TICK)
    if ticked_at is not None:
        age = max(0.0, time.time() - float(ticked_at))
        yield GaugeMetricFamily("wechat_tick_age_seconds", "Time since beat's last tick", value=age)


def note_tick() -> None:
    """Writes down that a worker takes ticks. Raises ``RedisError``."""
    get_redis_connection("default").set(TICK, time.time())
