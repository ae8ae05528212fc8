"""The reading of request bodies in the event loop, within limits of size and time.

A sender that stops in the middle of its body costs its connection and nothing else.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Protocol, Self
from weakref import WeakKeyDictionary

Receive = Callable[[], Awaitable[Any]]

# A body may take this long, and a second more for every so many bytes that came.
GRACE_SECONDS = 10
SLOWEST = 16 * 1024
# Between two looks at who takes too long.
LOOK_SECONDS = 0.5


class BodyTooLarge(Exception):
    """The error for a body that is longer than allowed; its full length is not determined."""


class BodyTooSlow(Exception):
    """The error for a sender that takes longer than any working connection."""


class SenderGone(Exception):
    """The error for a connection that ended in the middle of the body; nobody is left to answer."""


class Sink(Protocol):
    """A file or buffer that the body is written to."""

    def write(self, data: bytes, /) -> int: ...


async def receive_into(sink: Sink, receive: Receive, limit: int) -> None:
    """Writes the body of an ASGI request to ``sink``.

    Raises ``BodyTooLarge`` beyond ``limit`` bytes (a part of the body is written by then), ``BodyTooSlow``
    and ``SenderGone``.
    """
    size, began = 0, asyncio.get_running_loop().time()
    with _Waiting(began + GRACE_SECONDS) as waiting:
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise SenderGone
            size += sink.write(message.get("body", b""))
            more = message.get("more_body", False)
            if size > limit:
                raise BodyTooLarge
            if more:
                waiting.until = began + GRACE_SECONDS + size / SLOWEST


class _Waiting:
    """The block in which a task waits for a body; it raises ``BodyTooSlow`` after ``until`` (loop time)."""

    __slots__ = ("is_over", "task", "until")

    def __init__(self, until: float) -> None:
        self.until, self.is_over = until, False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        _watch().add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _watch().discard(self)
        # Whoever else cancelled the task as well goes first.
        if self.is_over and self.task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise BodyTooSlow from None


class _Watch(set[_Waiting]):
    """The bodies that an event loop waits for, checked by one timer.

    Nearly every body arrives at once, and a timer for each would cost more than reading it.
    """

    def look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for each in self:
            if each.until <= now:
                each.is_over, each.until = True, math.inf
                each.task.cancel()
        if self:
            loop.call_later(LOOK_SECONDS, self.look)
        else:
            del _watches[loop]


_watches: "WeakKeyDictionary[asyncio.AbstractEventLoop, _Watch]" = WeakKeyDictionary()


def _watch() -> _Watch:
    """Returns the set of bodies that this event loop waits for, and starts its timer if it is new."""
    loop = asyncio.get_running_loop()
    watch = _watches.get(loop)
    if watch is None:
        watch = _watches[loop] = _Watch()
        loop.call_later(LOOK_SECONDS, watch.look)
    return watch
