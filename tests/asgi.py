"""A client for single requests to the ASGI application, which sends the body in pieces like a server."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config.asgi import application


@dataclass
class Answered:
    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


async def exchange(
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | AsyncIterator[bytes] = b"",
    *,
    query: str = "",
    reads: asyncio.Event | None = None,
    verbatim: Mapping[str, str] | None = None,
    before: Iterable[tuple[str, str]] = (),
    **headers: str,
) -> Answered:
    """Sends a request; ``body`` is one or several pieces; after an asynchronous iterator the client is gone.

    The answer is read when ``reads`` is set. Headers are named with ``_`` for ``-``, except ``verbatim``;
    those of ``before`` come first, even if others have the same name.
    """
    answered = Answered()
    pieces = _pieces(body)

    async def receive() -> Any:
        return await anext(pieces, {"type": "http.disconnect"})

    async def send(event: Any) -> None:
        if reads is not None:
            await reads.wait()
        if event["type"] == "http.response.start":
            answered.status, answered.headers = event["status"], dict(event["headers"])
        answered.body += event.get("body", b"")

    given = {"host": "localhost"}
    if isinstance(body, bytes):
        given["content-length"] = str(len(body))
    given |= {name.replace("_", "-"): value for name, value in headers.items()} | dict(verbatim or {})
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "root_path": "", "query_string": query.encode(), "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in (*before, *given.items())],
        "server": ("localhost", 80),
    }  # fmt: skip
    await application(scope, receive, send)
    return answered


async def _pieces(body: bytes | Iterable[bytes] | AsyncIterator[bytes]) -> AsyncIterator[Any]:
    if isinstance(body, AsyncIterator):
        async for piece in body:
            yield {"type": "http.request", "body": piece, "more_body": True}
        return
    pieces = [body] if isinstance(body, bytes) else list(body)
    for number, piece in enumerate(pieces, 1):
        yield {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
