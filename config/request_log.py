"""The log line of each request: of pages, callbacks, health checks, and requests that are refused early.

The line contains the route and not the path, because a path may contain a secret. The code that answers adds
further fields to ``scope[LINE]``. Callbacks arrive by the thousand: beyond a number per second they share one
line.
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
from django.http import HttpResponse

from config import health
from wechat.kernel import metrics, tracing
from wechat.kernel.line_rates import LineRate

log = logging.getLogger(__name__)

Application = Callable[[Any, Any, Any], Coroutine[Any, Any, None]]
# Of a callback's request and its account's slug; returns the answer that was sent, if anybody took one.
Callbacks = Callable[[Any, Any, Any, str], Coroutine[Any, Any, HttpResponse | None]]

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
    """The shared line, written once a second, of all requests beyond ``per_second``."""

    def __init__(self, per_second: int) -> None:
        self._own_lines = LineRate(per_second)
        self._statuses: Counter[int] = Counter()
        self._milliseconds: list[float] = []

    def takes(self, status: int, milliseconds: float) -> bool:
        """Returns whether the request goes into the shared line, because enough have a line of their own."""
        if self._own_lines.allows():
            return False
        if not self._milliseconds:
            # Its line belongs to none of them.
            asyncio.get_running_loop().call_later(1.0, self.write, context=contextvars.Context())
        self._statuses[status] += 1
        self._milliseconds.append(milliseconds)
        return True

    def write(self) -> None:
        """Writes one line about the requests collected so far."""
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


def one_line_each(application: Application) -> Application:
    """Returns a wrapper that logs and counts the requests of an ASGI application."""

    async def logged(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await _Request(scope, send).answered_by(application, receive)
        else:
            await application(scope, receive, send)

    return logged


def lines_of_callbacks(answer: Callbacks, per_second: int) -> Callbacks:
    """Returns a wrapper that counts callbacks; it logs some per second one by one, and the rest together."""
    shared = SharedLine(per_second)

    async def logged(scope: Any, receive: Any, send: Any, slug: str) -> HttpResponse | None:
        started = time.perf_counter()
        status, size = 500, 0
        with tracing.begin("request"):
            try:
                response = await answer(scope, receive, send, slug)
                status, size = (response.status_code, len(response.content)) if response else (GONE, 0)
                return response
            finally:
                milliseconds = (time.perf_counter() - started) * 1000
                method = _counted(CALLBACK, scope["method"], status)
                level = _level(CALLBACK, status)
                if log.isEnabledFor(level) and not shared.takes(status, milliseconds):
                    measured = _measured(method, status, milliseconds, size)
                    log.log(level, "request", extra={**measured, "path": CALLBACK, "account": slug})

    return logged


class _Request:
    __slots__ = ("_bytes", "_line", "_scope", "_send", "_started", "_status")

    def __init__(self, scope: Any, send: Any) -> None:
        self._scope = scope
        self._send = send
        self._status = 0
        self._bytes = 0
        self._started = time.perf_counter()
        self._line = scope[LINE] = {"path": _path(scope["path"])}

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
            request_id = tracing.request_id(self._line["trace"]).encode()
            message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id)]}
        else:
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def _write_line(self) -> None:
        seconds = time.perf_counter() - self._started
        status, path = self._status or GONE, self._line["path"]
        method = _counted(path, self._scope["method"], status)
        _histogram(_area(path)).observe(seconds)
        level = _level(path, status)
        if log.isEnabledFor(level):
            line = {name: value for name, value in self._line.items() if name != "trace"}
            log.log(level, "request", extra=_measured(method, status, seconds * 1000, self._bytes) | line)


def _counted(path: str, method: str, status: int) -> str:
    """Counts a request, and returns its method, or "other"."""
    # Whoever sends anything must not choose how many series there are.
    method = method if method in METHODS else "other"
    tracing.describe(path=path, method=method, status=status)
    _counter(path, method, status).inc()
    return method


def _level(path: str, status: int) -> int:
    if status >= 500:
        return logging.WARNING
    return logging.DEBUG if path in QUIET else logging.INFO


def _measured(method: str, status: int, milliseconds: float, size: int) -> dict[str, Any]:
    return {"method": method, "status": status, "ms": round(milliseconds, 1), "bytes": size}


def _path(path: str) -> str:
    """Returns the loggable part of a path without a route: the path itself may contain a secret."""
    if path in QUIET:
        return path
    return "/static/<path>" if path.startswith("/static/") else "unknown"


def take_over_bound(line: dict[str, Any]) -> None:
    """Adds to a request's line the fields that were bound to the log context meanwhile."""
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
