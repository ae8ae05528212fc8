"""Request bodies, read in the event loop: bounded in size and time, before anything is kept waiting for them.

A sender that stops in the middle of its body costs its connection and nothing else.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

Receive = Callable[[], Awaitable[Any]]

# A body may take this long, and a second more for every so many bytes that came.
GRACE_SECONDS = 10
SLOWEST = 16 * 1024


class BodyTooLarge(Exception):
    """The body is longer than allowed; how much longer is never found out."""


class BodyTooSlow(Exception):
    """The sender takes longer than any honest connection."""


class SenderGone(Exception):
    """The connection ended in the middle of the body; there is nobody to answer."""


class Sink(Protocol):
    """A file or buffer that the body is written to."""

    def write(self, data: bytes, /) -> int: ...


async def receive_into(sink: Sink, receive: Receive, limit: int) -> None:
    """Writes the body of an ASGI request to ``sink``; of more than ``limit`` bytes a part of it.

    Raises ``BodyTooLarge``, ``BodyTooSlow``, ``SenderGone``.
    """
    size, began = 0, asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout_at(began + GRACE_SECONDS) as deadline:
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
                    deadline.reschedule(began + GRACE_SECONDS + size / SLOWEST)
    except TimeoutError:
        raise BodyTooSlow from None
