"""The limit of simultaneous outgoing calls of the threads that answer requests.

Pages, payments and business systems share few threads. When a platform answers slowly, all of them would soon
wait for it, and nobody else would be served. So only some may wait, and the others give up at once.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from wechat.sdk.errors import TransportError

# A call that takes longer is slow, and says that the next one would be, too.
SLOW_SECONDS = 1.0
# Many may call at the same moment without anything being slow.
PATIENCE_SECONDS = 1.0


class TooManyCalls(TransportError):
    """The error for a call that was not made, because as many as may wait already do."""

    def __init__(self) -> None:
        super().__init__("too many calls are waiting for an answer", outcome_unknown=False)


class CallLimit:
    """At most ``most`` calls at a time.

    Another one waits for a moment, but not while one of them is slow.
    """

    def __init__(self, most: int) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._begun: dict[object, float] = {}

    @contextmanager
    def call(self) -> Iterator[None]:
        """Counts the block as a call. Raises ``TooManyCalls`` instead of running it."""
        if not self._free.acquire(timeout=0 if self._is_slow() else PATIENCE_SECONDS):
            raise TooManyCalls
        call = object()
        self._begun[call] = time.monotonic()
        try:
            yield
        finally:
            del self._begun[call]
            self._free.release()

    def _is_slow(self) -> bool:
        since = time.monotonic() - SLOW_SECONDS
        return any(begun < since for begun in list(self._begun.values()))


_current: ContextVar[CallLimit | None] = ContextVar("call_limit", default=None)


@contextmanager
def limited_by(limit: CallLimit) -> Iterator[None]:
    """Has the calls of this block count for the limit; elsewhere there is none."""
    token = _current.set(limit)
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def call() -> Iterator[None]:
    """Counts the block as a call, with everything in it as the same one. Raises ``TooManyCalls``."""
    limit = _current.get()
    if limit is None:
        yield
        return
    token = _current.set(None)
    try:
        with limit.call():
            yield
    finally:
        _current.reset(token)
