"""The metrics of background work: how many rows are due, since when, and what is on hold."""

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
    """Yields by kind of work the number of due rows and the age of the oldest one that a worker may take.

    Indexes answer both queries.
    """
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
    """Yields the kinds of work on hold with their subject: used-up quotas, refusals, open circuits."""
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
    """Returns names by id: the short name of an account or merchant, else the model's name and the id."""
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
    """Yields the seconds since a worker last took a tick of beat; nothing before the first one."""
    ticked_at = get_redis_connection("default").get(TICK)
    if ticked_at is not None:
        age = max(0.0, time.time() - float(ticked_at))
        yield GaugeMetricFamily("wechat_tick_age_seconds", "Time since beat's last tick", value=age)


def note_tick() -> None:
    """Keeps the time at which a worker took a tick. Raises ``RedisError``."""
    get_redis_connection("default").set(TICK, time.time())
