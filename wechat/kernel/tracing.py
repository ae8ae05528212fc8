"""The traces: one id that connects a request with all later work that it causes.

A trace has the form of W3C Trace Context, ``00-<trace id>-<span id>-<flags>``. Rows that a request creates
keep it, so everything that workers do with them later has the same id: ``request_id`` in the log, the trace
id in OpenTelemetry. Spans are made only if ``config.telemetry`` has set up a collector; otherwise a trace is
just an id.
"""

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any, Protocol

LENGTH = 55

_current: ContextVar[str] = ContextVar("trace", default="")


class Spans(Protocol):
    """The interface of an object that makes spans."""

    def span(self, name: str, trace: str, attributes: dict[str, Any]) -> AbstractContextManager[str]:
        """Returns a block that is one span of the trace, or of a new one; the block yields its context."""
        ...

    def past(self, name: str, seconds: float, attributes: dict[str, Any]) -> None:
        """Reports a span within the current one that has just ended."""
        ...

    def describe(self, attributes: dict[str, Any]) -> None:
        """Adds attributes to the current span."""
        ...


_spans: Spans | None = None


def collect(spans: Spans | None) -> None:
    """Makes spans with this object from now on; no spans with ``None``."""
    global _spans
    _spans = spans


def current() -> str:
    """Returns the current trace of this thread or task, or ""."""
    return _current.get()


def request_id(trace: str) -> str:
    """Returns the trace id of a trace, which logs call ``request_id``."""
    return trace[3:35]


def begin(name: str, **attributes: Any) -> AbstractContextManager[str]:
    """Begins a new trace for the block; yields its id."""
    if _spans is not None:
        return _inside(_spans.span(name, "", attributes))
    # An id, no secret: the system's own random bytes cost a call of the kernel each time.
    digits = f"{random.getrandbits(192):048x}"
    return _Following(f"00-{digits[:32]}-{digits[32:]}-00")


def span(name: str, trace: str = "", **attributes: Any) -> AbstractContextManager[str]:
    """Makes the block a span of the trace, or of the current one; its logs and rows belong to that trace."""
    trace = trace or current()
    if _spans is not None:
        return _inside(_spans.span(name, trace, attributes))
    return _Following(trace)


def past(name: str, seconds: float, **attributes: Any) -> None:
    """Reports a span within the current one that has just ended and took that many seconds."""
    if _spans is not None:
        _spans.past(name, seconds, attributes)


def describe(**attributes: Any) -> None:
    """Adds attributes to the current span that were not known when it began."""
    if _spans is not None:
        _spans.describe(attributes)


def mark(name: str, trace: str) -> None:
    """Reports a span of the trace without a duration."""
    if _spans is not None:
        with _spans.span(name, trace, {}):
            pass


@contextmanager
def _inside(span: AbstractContextManager[str]) -> Iterator[str]:
    with span as trace, _Following(trace):
        yield trace


class _Following:
    """The block of a trace; a class, because each request has one and a generator is three times as slow."""

    __slots__ = ("_token", "_trace")
    _token: Token[str]

    def __init__(self, trace: str) -> None:
        self._trace = trace

    def __enter__(self) -> str:
        self._token = _current.set(self._trace)
        return self._trace

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _current.reset(self._token)
