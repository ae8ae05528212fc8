"""The sending of responses over ASGI, for everything that is answered in the event loop."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from django.http import HttpResponse

Send = Callable[[Any], Awaitable[None]]


async def send_response(response: HttpResponse, send: Send) -> None:
    """Sends a response of Django's."""
    headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    await send_content(response.status_code, headers, response.content, send)


async def send_content(
    status: int, headers: Iterable[tuple[bytes, bytes]], content: bytes, send: Send, *, is_head: bool = False
) -> None:
    """Sends a response in one piece, with its length; that of a HEAD without its content."""
    sent = [*headers, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": status, "headers": sent})
    await send({"type": "http.response.body", "body": b"" if is_head else content})
