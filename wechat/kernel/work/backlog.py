"""How much background work is due, and for how long: what ``/metrics`` tells of it, by name."""

from collections.abc import Iterator

from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from wechat.kernel.models import Hold
from wechat.kernel.work.kinds import KINDS

# A longer backlog is not counted to its end: that would cost more than the number is worth.
MOST = 100_000


class BacklogCollector(Collector):
    """Asks Postgres at each scrape; every question is answered by the index of due rows."""

    def collect(self) -> Iterator[Metric]:
        """Returns rows due and the age of the oldest by kind of work, and holds by cause."""
        due = GaugeMetricFamily("wechat_work_due", "Rows of work that are due", labels=["work"])
        oldest = GaugeMetricFamily(
            "wechat_work_oldest_seconds", "Age of the row that is due the longest", labels=["work"]
        )
        now = timezone.now()
        for kind in KINDS:
            rows = kind.backlog()
            if rows is None:
                continue
            found = rows.order_by("due_at")[:MOST].aggregate(count=Count("pk"), since=Min("due_at"))
            due.add_metric([kind.name], found["count"])
            age = (now - found["since"]).total_seconds() if found["since"] else 0.0
            oldest.add_metric([kind.name], max(0.0, age))
        yield due
        yield oldest
        yield _holds()


def _holds() -> Metric:
    held = GaugeMetricFamily("wechat_work_held", "Kinds of work on hold", labels=["work", "part", "cause"])
    rows = Hold.objects.filter(until__isnull=False).values("work", "part", "cause").order_by()
    for row in rows.annotate(number=Count("pk")):
        held.add_metric([row["work"], row["part"], row["cause"]], row["number"])
    return held
