"""The ASGI application of callbacks; ``callback.py`` explains why they have no route in Django."""

import io
import logging
import re
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property

from accounts.official import callback_addresses
from wechat.inbox import recording, refusals
from wechat.inbox.callback import BUILD_SECONDS, Callback
from wechat.kernel import overload, versioned_cache
from wechat.kernel.addresses import scope_address
from wechat.kernel.bodies import BodyTooLarge, BodyTooSlow, SenderGone, receive_into
from wechat.kernel.responses import send_response
from wechat.sdk.envelope import MAX_BODY

log = logging.getLogger(__name__)

CALLBACK_PATH = re.compile(r"/wechat/([-a-zA-Z0-9_]+)/callback/?")


@lru_cache(1024)
def callback_slug(path: str) -> str | None:
    found = CALLBACK_PATH.fullmatch(path)
    return found[1] if found else None


class CallbackRequest(HttpRequest):
    """The parts of a request that the view uses; the query is a plain dict, because names occur once."""

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
        # The query of a push consists of letters and digits, so a simple split is enough, and much quicker.
        return {name: value for name, _, value in (pair.partition("=") for pair in query.split("&"))}


async def callback_application(scope: Any, receive: Any, send: Any, slug: str) -> HttpResponse | None:
    """Answers a callback of the account with this slug.

    Returns the answer that was sent, ``None`` if the sender was gone.
    """
    response = await _answered(scope, receive, slug)
    if response is not None:
        await send_response(response, send)
    return response


async def _answered(scope: Any, receive: Any, slug: str) -> HttpResponse | None:
    if settings.CALLBACK_ALLOW_LIST and not await _is_admitted(scope, slug):
        return HttpResponse(callback_addresses.REFUSED, status=403, content_type="text/plain")
    if recording.is_full():
        overload.note("callbacks")
        return HttpResponse("Try again.", status=503, content_type="text/plain")
    body = io.BytesIO()
    try:
        # Of a body that is too large, a part is enough for the view to refuse it.
        with suppress(BodyTooLarge):
            await receive_into(body, receive, MAX_BODY)
    except SenderGone:
        return None
    except BodyTooSlow:
        return HttpResponse("The body came too slowly.", status=408, content_type="text/plain")
    return await _response(CallbackRequest(scope, body.getvalue()), slug)


async def _is_admitted(scope: Any, slug: str) -> bool:
    """Returns whether the address is one of WeChat's; ``True`` also if their addresses are unknown."""
    address = scope_address(scope)
    try:
        if not versioned_cache.all_built():
            await versioned_cache.build_all(BUILD_SECONDS)
        if callback_addresses.is_allowed(address):
            return True
    except (Error, TimeoutError, versioned_cache.Unbuilt):
        return True
    refusals.note_stranger(slug, address)
    return False


async def _response(request: CallbackRequest, slug: str) -> HttpResponse:
    try:
        return await Callback().dispatch(request, slug=slug)
    except Exception:
        log.exception("callback_failed", extra={"account": slug})
        return HttpResponse(status=500)
