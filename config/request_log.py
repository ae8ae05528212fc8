"""One line a request, whoever answers it: pages, callbacks, health, and what is refused before any of them.

The line has the path as its route is written, never as it was sent: what is in an address may be a secret.
Whoever answers adds what only they know to ``scope[LINE]``. Callbacks come by the thousand: beyond a number a
second they share a line.
"""

import asyncio
import contextvars
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

import structlog

from config import health
from wechat.inbox.asgi import callback_slug
from wechat.kernel import metrics, tracing
from wechat.kernel.line_rates import LineRate

log = logging.getLogger(__name__)

Application = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]

LINE = "console.line"
CALLBACK = "/wechat/<slug>/callback"
AREAS = frozenset({"admin", "api", "h5", "healthz", "i18n", "l", "metrics", "pay", "static", "wechat"})
# What is bound to the context of the log while a request is answered, and its line tells as well.
BOUND = ("account", "client", "ip", "merchant")
# Asked every few seconds, and of interest only when something is wrong.
QUIET = frozenset({*health.PATHS, "/metrics"})
# As nginx has it: whoever asked did not wait for the answer.
GONE = 499
METHODS = frozenset({"GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"})


class SharedLine:
    """A line about all requests beyond ``per_second`` lines, written once a second."""

    def __init__(self, per_second: int) -> None:
        self._own_lines = LineRate(per_second)
        self._statuses: Counter[int] = Counter()
        self._milliseconds: list[float] = []

    def takes(self, status: int, milliseconds: float) -> bool:
        """Returns whether the request is told with others, because enough have a line of their own."""
        if self._own_lines.allows():
            return False
        if not self._milliseconds:
            # Its line belongs to none of them.
            asyncio.get_running_loop().call_later(1.0, self.write, context=contextvars.Context())
        self._statuses[status] += 1
        self._milliseconds.append(milliseconds)
        return True

    def write(self) -> None:
        """Writes one line about the requests that have gathered."""
        taken, self._milliseconds = self._milliseconds, []
        statuses, self._statuses = self._statuses, Counter()
        details = {
            "path": CALLBACK,
            "count": len(taken),
            "statuses": {str(status): count for status, count in sorted(statuses.items())},
            "ms_mean": round(sum(taken) / len(taken), 1),
            "ms_max": round(max(taken), 1),
        }
        log.info("requests", extra=details)


def one_line_each(*, callbacks_per_second: int) -> Callable[[Application], Application]:
    """Returns a wrapper that logs and counts the requests of an ASGI application."""
    shared = SharedLine(callbacks_per_second)

    def around(application: Application) -> Application:
        async def logged(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await _Request(scope, send, shared).answered_by(application, receive)
            else:
                await application(scope, receive, send)

        return logged

    return around


class _Request:
    __slots__ = ("_bytes", "_is_callback", "_line", "_scope", "_send", "_shared", "_started", "_status")

    def __init__(self, scope: Any, send: Any, shared: SharedLine) -> None:
        self._scope = scope
        self._send = send
        self._shared = shared
        self._status = 0
        self._bytes = 0
        self._started = time.perf_counter()
        slug = callback_slug(scope["path"])
        self._is_callback = slug is not None
        self._line = scope[LINE] = (
            {"path": _path(scope["path"])} if slug is None else {"path": CALLBACK, "account": slug}
        )

    async def answered_by(self, application: Application, receive: Any) -> None:
        with tracing.begin("request") as trace:
            self._line["trace"] = trace
            try:
                await application(self._scope, receive, self._sent)
            except BaseException:
                self._status = self._status or 500
                raise
            finally:
                self._write_line()

    async def _sent(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            if not self._is_callback:
                request_id = tracing.request_id(self._line["trace"]).encode()
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id)]}
        else:
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def _write_line(self) -> None:
        seconds = time.perf_counter() - self._started
        self._status = self._status or GONE
        path, method = self._line["path"], self._scope["method"]
        # Whoever sends anything must not choose how many series there are.
        method = method if method in METHODS else "other"
        tracing.describe(path=path, method=method, status=self._status)
        _counter(path, method, self._status).inc()
        if not self._is_callback:  # which has a histogram of its own
            _histogram(_area(path)).observe(seconds)
        level = logging.WARNING if self._status >= 500 else logging.INFO
        if path in QUIET and self._status < 500:
            level = logging.DEBUG
        if not log.isEnabledFor(level):
            return
        milliseconds = seconds * 1000
        if self._is_callback and self._shared.takes(self._status, milliseconds):
            return
        line = {name: value for name, value in self._line.items() if name != "trace"}
        measured = {
            "method": method,
            "status": self._status,
            "ms": round(milliseconds, 1),
            "bytes": self._bytes,
        }
        log.log(level, "request", extra={**measured, **line})


def _path(path: str) -> str:
    """Returns what may be logged of a path before a route is found: the path itself may hold a secret."""
    if path in QUIET:
        return path
    return "/static/<path>" if path.startswith("/static/") else "unknown"


def take_over_bound(line: dict[str, Any]) -> None:
    """Adds to a request's line what was bound to the context of the log meanwhile."""
    known = structlog.contextvars.get_contextvars()
    line |= {name: known[name] for name in BOUND if known.get(name)}


def _area(path: str) -> str:
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return first if first in AREAS else "other"


# A label costs more to look up than to count.
@cache
def _counter(path: str, method: str, status: int) -> Any:
    return metrics.REQUESTS.labels(path, method, str(status))


@cache
def _histogram(area: str) -> Any:
    return metrics.REQUEST_SECONDS.labels(area)
