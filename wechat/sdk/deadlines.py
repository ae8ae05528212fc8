"""The deadline of a whole outgoing call: name resolution, connection, TLS, request, headers and body.

Socket time-outs start again with every byte, so a receiver that sends a byte now and then could keep a caller
waiting for ever.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[float] = ContextVar("deadline", default=math.inf)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Limits the calls of this block to that many seconds in all; an earlier outer deadline stays."""
    token = _current.set(min(_current.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _current.reset(token)


def current() -> float:
    """Returns the current deadline by the monotonic clock; infinity without one."""
    return _current.get()


def left(deadline: float) -> float:
    """Returns the seconds until the deadline, more than 0. Raises ``TimeoutError`` if it has passed."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("the call took too long")
    return seconds
