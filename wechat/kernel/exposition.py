"""The content of ``/metrics``: counters of processes, and gauges read from Postgres and Redis at each scrape.

Processes that share ``PROMETHEUS_MULTIPROC_DIR`` are reported together. A worker that shares it with no web
process serves its metrics itself, on ``METRICS_PORT`` (see ``config.celery``).
"""

import logging
import os
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from django.db import Error
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from wechat.kernel.counter_files import collected
from wechat.kernel.registry import Registry

log = logging.getLogger(__name__)

Read = Callable[[], Iterable[Metric]]


class Store(StrEnum):
    POSTGRES = "postgres"
    REDIS = "redis"


@dataclass(frozen=True, slots=True)
class GaugeGroup:
    """The gauges that one function reads from a store."""

    store: Store
    read: Read


GAUGES: Registry[GaugeGroup] = Registry("group of gauges")


def gauges(name: str, store: Store = Store.POSTGRES) -> Callable[[Read], Read]:
    """Registers a function that reads gauges at each scrape; a module ``gauges`` of an app holds it."""

    def register(read: Read) -> Read:
        GAUGES.add(name, GaugeGroup(store, read))
        return read

    return register


def text(away: Collection[Store] = ()) -> bytes:
    """Returns what was counted, and how things stand, in the format of Prometheus.

    Stores that are known to be ``away`` are not asked: one that is frozen would never answer.
    """
    registry = CollectorRegistry()
    registry.register(_Counted())
    registry.register(_Stores(away))
    return generate_latest(registry)


def serve(port: int) -> None:
    """Serves the counters on a port, from a thread that lives as long as the process."""
    registry = CollectorRegistry()
    registry.register(_Counted())
    start_http_server(port, registry=registry)


class _Counted(Collector):
    """The counters of this process, or of all processes that share its folder."""

    def collect(self) -> Iterator[Metric]:
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
        return iter(collected(Path(folder))) if folder else iter(REGISTRY.collect())


class _Stores(Collector):
    """The groups of gauges; a group whose store is away is reported as failed, the others as usual."""

    def __init__(self, away: Collection[Store]) -> None:
        self._away = away

    def collect(self) -> Iterator[Metric]:
        failed = GaugeMetricFamily(
            "wechat_gauges_failed", "Whether a store was away that this group asks", labels=["group"]
        )
        for name, group in GAUGES.by_name().items():
            if group.store in self._away:
                failed.add_metric([name], 1)
                continue
            try:
                found = list(group.read())
            except (Error, RedisError) as error:
                log.warning("gauges_failed", extra={"group": name, "error": type(error).__name__})
                failed.add_metric([name], 1)
            else:
                failed.add_metric([name], 0)
                yield from found
        yield failed
