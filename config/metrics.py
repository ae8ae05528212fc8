"""The endpoint ``/metrics``, answered in a thread of its own, so also while all page threads are busy.

Prometheus scrapes each process by its own address, so the ``Host`` header is not checked; let the proxy serve
this path to your own network only.
"""

from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST

from config import health
from wechat.kernel import exposition
from wechat.kernel.exposition import Store
from wechat.kernel.responses import send_content
from wechat.kernel.thread_offload import ThreadOffload

PATH = "/metrics"
# A scrape is given up by then, and the stores have their own time-outs.
SECONDS = 30
# A Postgres that is frozen never says no, and Prometheus waits for ten seconds.
SILENT_SECONDS = 3.0

# More than one: Postgres may be frozen in the midst of an answer.
_scraping = ThreadOffload("metrics", 2)


async def metrics_application(scope: Any, receive: Any, send: Any) -> None:
    """Answers a GET; 503 when it takes too long."""
    away = () if await health.PROBES["postgres"].is_reached(SILENT_SECONDS) else (Store.POSTGRES,)
    try:
        status, body = 200, await _scraping.run(SECONDS, exposition.text, away)
    except TimeoutError:
        status, body = 503, b""
    await send_content(status, [(b"content-type", CONTENT_TYPE_LATEST.encode())], body, send)
