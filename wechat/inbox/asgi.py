"""The adapter of the ASGI server; ``callback.py`` says why the callback is no route of Django's."""

import io
import logging
import re
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse

from wechat.inbox.callback import Callback
from wechat.sdk.envelope import MAX_BODY

log = logging.getLogger(__name__)

CALLBACK_PATH = re.compile(r"/wechat/([-a-zA-Z0-9_]+)/callback/?")


def callback_slug(path: str) -> str | None:
    found = CALLBACK_PATH.fullmatch(path)
    return found[1] if found else None


class CallbackRequest(HttpRequest):
    """As much of a request as the view asks for; its query is a plain dict, because names occur once."""

    def __init__(self, scope: Any, body: bytes) -> None:
        self.method = scope["method"]
        self.path = self.path_info = scope["path"]
        self.META = {"CONTENT_LENGTH": len(body)}
        self._query = scope["query_string"]
        self._stream = io.BytesIO(body)
        self._read_started = False

    @cached_property
    def GET(self) -> dict[str, str]:  # type: ignore[override]  # noqa: N802 - Django's name
        query = self._query.decode("latin-1")
        if "%" in query or "+" in query:
            return dict(parse_qsl(query, keep_blank_values=True, errors="replace"))
        # All that a push carries: letters and digits. In one step instead of a dozen a value.
        return {name: value for name, _, value in (pair.partition("=") for pair in query.split("&"))}


async def callback_application(scope: Any, receive: Any, send: Any, slug: str) -> None:
    body = await _body(receive)
    if body is None:
        return
    response = await _response(CallbackRequest(scope, body), slug)
    content = response.content
    headers = [(name.lower().encode("ascii"), value.encode("latin-1")) for name, value in response.items()]
    headers.append((b"content-length", b"%d" % len(content)))
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _body(receive: Any) -> bytes | None:
    """One byte more than allowed is enough to refuse the rest; ``None`` if the sender has gone."""
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


async def _response(request: CallbackRequest, slug: str) -> HttpResponse:
    try:
        return await Callback().dispatch(request, slug=slug)
    except Exception:
        log.exception("callback_failed", extra={"account": slug})
        return HttpResponse(status=500)
