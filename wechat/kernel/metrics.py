"""What ``/metrics`` tells. With several web processes set ``PROMETHEUS_MULTIPROC_DIR``."""

import os

from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from wechat.kernel.work.backlog import BacklogCollector

CALLBACKS = Counter("wechat_callbacks", "Callbacks by what became of them", ["account", "outcome"])
REFUSED = Counter("wechat_callbacks_refused", "Callbacks refused", ["account", "reason"])
ANSWER_SECONDS = Histogram(
    "wechat_callback_seconds",
    "From request to answer",
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 3.5, 5),
)
BATCH_ROWS = Histogram("wechat_callback_batch_rows", "Rows a commit", buckets=(1, 2, 4, 8, 16, 32, 64, 128))
API_CALLS = Counter("wechat_api_calls", "Calls to the platform", ["api", "outcome"])
API_SECONDS = Histogram("wechat_api_seconds", "Length of a call to the platform", ["api"])


def metrics(request: HttpRequest) -> HttpResponse:
    """Returns what this process counted, or all of them together, and how much work is due."""
    work = CollectorRegistry()
    work.register(BacklogCollector())
    text = generate_latest(_counted()) + generate_latest(work)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _counted() -> CollectorRegistry:
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return registry
