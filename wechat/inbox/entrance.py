"""The way from the WSGI server to the callback's view without what Django puts around every other page."""

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.utils.functional import cached_property
from rest_framework.response import Response

from wechat.inbox.callback import Callback
from wechat.inbox.turnstile import turnstile

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

CALLBACK_PATH = re.compile(r"/wechat/([-a-zA-Z0-9_]+)/callback/?")

view = Callback.as_view()


def callback_slug(path: str) -> str | None:
    found = CALLBACK_PATH.fullmatch(path)
    return found[1] if found else None


class CallbackRequest(WSGIRequest):
    """A request whose query is a plain dict: its names occur once, and a ``QueryDict`` takes longer."""

    @cached_property
    def GET(self) -> dict[str, str]:  # type: ignore[override]  # noqa: N802 - Django's name
        return dict(parse_qsl(self.environ["QUERY_STRING"], keep_blank_values=True, errors="replace"))


def callback_application(
    environ: "WSGIEnvironment", start_response: "StartResponse", slug: str
) -> Iterable[bytes]:
    with turnstile.inside():
        response = _response(environ, slug)
    body = response.content
    headers = [*response.items(), ("Content-Length", str(len(body)))]
    start_response(f"{response.status_code} {response.reason_phrase}", headers)
    return [body]


def _response(environ: "WSGIEnvironment", slug: str) -> HttpResponse:
    try:
        response: Response = view(CallbackRequest(environ), slug=slug)
        response.render()
        return response
    except Exception:
        log.exception("callback_failed", extra={"account": slug})
        return HttpResponse(status=500)
    finally:
        connection.close()
