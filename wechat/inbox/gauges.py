"""The gauges of the spool: callbacks that wait in Redis while Postgres is away."""

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from wechat.inbox import spool
from wechat.kernel.exposition import Store, gauges


@gauges("spool", Store.REDIS)
def spooled() -> Iterator[Metric]:
    """Yields how many records wait for Postgres, and how many it refused."""
    waiting, refused = spool.lengths()
    yield GaugeMetricFamily("wechat_spool_records", "Callbacks that wait for Postgres", value=waiting)
    yield GaugeMetricFamily("wechat_spool_refused", "Callbacks that Postgres refused", value=refused)
