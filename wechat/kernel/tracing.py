"""The trace that work belongs to: from the request that caused it to the last call it leads to.

A trace has the form of W3C Trace Context, ``00-<trace id>-<span id>-<flags>``. It is kept on the rows that a
request makes, so whatever a worker does with them later is found by the same id: ``request_id`` of the log,
the trace id of OpenTelemetry. Spans are made only where ``config.telemetry`` has set up somebody who collects
them; without, a trace is nothing but an id.
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
    """A maker of spans, where they are collected."""

    def span(self, name: str, trace: str, attributes: dict[str, Any]) -> AbstractContextManager[str]:
        """Returns a block that is one span of the trace, of a new one without; it gives the span's place."""
        ...

    def past(self, name: str, seconds: float, attributes: dict[str, Any]) -> None:
        """Tells of a span within the current one that has just ended."""
        ...

    def describe(self, attributes: dict[str, Any]) -> None:
        """Adds to the current span what is known of it only now."""
        ...


_spans: Spans | None = None


def collect(spans: Spans | None) -> None:
    """Has spans made by these from now on; by nobody with ``None``."""
    global _spans
    _spans = spans


def current() -> str:
    """Returns the trace of what this thread or task is doing, "" for none."""
    return _current.get()


def request_id(trace: str) -> str:
    """Returns the id that a trace is searched by."""
    return trace[3:35]


def begin(name: str, **attributes: Any) -> AbstractContextManager[str]:
    """Begins a new trace, and gives its id to the block."""
    if _spans is not None:
        return _inside(_spans.span(name, "", attributes))
    # An id, no secret: the system's own random bytes cost a call of the kernel each time.
    digits = f"{random.getrandbits(192):048x}"
    return _Following(f"00-{digits[:32]}-{digits[32:]}-00")


def span(name: str, trace: str = "", **attributes: Any) -> AbstractContextManager[str]:
    """Makes a block one step of the trace, or of the current one; its logs and rows belong to that step."""
    trace = trace or current()
    if _spans is not None:
        return _inside(_spans.span(name, trace, attributes))
    return _Following(trace)


def past(name: str, seconds: float, **attributes: Any) -> None:
    """Tells of a step within the current one that has just ended, and took so long."""
    if _spans is not None:
        _spans.past(name, seconds, attributes)


def describe(**attributes: Any) -> None:
    """Adds to the current step what was not known when it began."""
    if _spans is not None:
        _spans.describe(attributes)


def mark(name: str, trace: str) -> None:
    """Tells of a step of the trace that took no time of its own."""
    if _spans is not None:
        with _spans.span(name, trace, {}):
            pass


@contextmanager
def _inside(span: AbstractContextManager[str]) -> Iterator[str]:
    with span as trace, _Following(trace):
        yield trace


class _Following:
    """A block of the trace; a class, as each request has one and a generator costs three times as much."""

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
