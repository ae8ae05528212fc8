"""The deadline of an outgoing call as a whole: name, connection, TLS, request, headers and body.

The time-outs of a socket start anew with every byte, so that a receiver that sends one now and then would be
waited for without end.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Gives the calls of this block that many seconds in all; an earlier deadline around it stays."""
    token = _current.set(min(_current.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _current.reset(token)


def current() -> float:
    """The deadline in force, on the monotonic clock; infinity without one."""
    return _current.get()


def left(deadline: float) -> float:
    """Returns the seconds until the deadline, always above 0. Raises ``TimeoutError`` when it is over."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the call took too long")
    return seconds
