"""The immediate answer while Postgres or Redis is away: a 503 that names the service.

A page that waits for a connection would block its thread until the pool times out. So if a page takes long,
Postgres is checked meanwhile, as the health endpoint does; if it does not answer, the page is given up.
"""

import asyncio
import logging
import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from config import error_pages, health
from wechat.kernel import outage_errors
from wechat.kernel.line_rates import LineRate
from wechat.kernel.responses import Send, send_response

log = logging.getLogger(__name__)

# All pages fail of the same: one a second has the cause in the log.
_lines = {service: LineRate(1) for service in (outage_errors.POSTGRES, outage_errors.REDIS)}
# A page that is ready by then asks nobody.
QUICK_SECONDS = 0.15
# Longer than health waits: on a machine with too much to do, slow is not away. Who refuses is away at once.
SILENT_SECONDS = 3.0
RETRY_AFTER = "5"


class Away(Exception):
    """The error for a page that cannot be made because a service is away."""

    def __init__(self, service: str) -> None:
        super().__init__(service)
        self.service = service


async def finished(page: "asyncio.Future[Any]") -> None:
    """Waits until the page is made. Raises ``Away`` if Postgres stops answering meanwhile."""
    done, _pending = await asyncio.wait({page}, timeout=QUICK_SECONDS)
    if done:
        return
    asked = asyncio.ensure_future(health.PROBES["postgres"].is_reached(SILENT_SECONDS))
    await asyncio.wait({page, asked}, return_when=asyncio.FIRST_COMPLETED)
    if page.done():
        asked.cancel()
        return
    if asked.result():
        await asyncio.wait({page})
        return
    # It may not have begun yet; one that has ends by itself when its pool gives up.
    page.cancel()
    raise Away(outage_errors.POSTGRES)


def answer(path: str, service: str) -> HttpResponse:
    """Returns a 503 in the format of the path; pages for people are in both languages."""
    response: HttpResponse
    if path.startswith("/api/"):
        message = f"{service} cannot be reached; try again in a moment."
        response = JsonResponse({"error": {"code": "unavailable", "message": message}})
    elif path.startswith("/pay/"):
        response = JsonResponse({"code": "FAIL", "message": f"{service} cannot be reached."})
    else:
        words = _for_followers if error_pages.is_for_followers(path) else _for_staff
        response = HttpResponse(render_to_string("503.html", {"languages": _in_words(words, service)}))
    response.status_code = 503
    response["Retry-After"] = RETRY_AFTER
    response["Cache-Control"] = "no-store"
    return response


def _in_words(words: Callable[[str], tuple[str, str]], service: str) -> list[dict[str, str]]:
    texts = []
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            heading, message = words(service)
        texts.append({"language": language, "heading": heading, "message": message})
    return texts


def _for_staff(service: str) -> tuple[str, str]:
    message = _(
        "This page cannot be shown without it. Try again in a moment; if it stays like this, tell "
        "whoever runs the server."
    )
    return _("%(service)s cannot be reached") % {"service": service}, message


def _for_followers(_service: str) -> tuple[str, str]:
    return _("This page cannot be shown now"), _("Please try again in a minute.")


async def send_answer(path: str, service: str, send: Send) -> None:
    """Sends the 503 for a page that did not reach Django's middleware."""
    await send_response(answer(path, service), send)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answers for an error outside of the view, such as one while the session is read."""
    error = sys.exc_info()[1]
    service = outage_errors.outage_of(error) if error else ""
    return answer(request.path, service) if service else error_pages.failed(request)


class OutageMiddleware:
    """Returns the 503 for a view that failed because a service is away."""

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        service = outage_errors.outage_of(error)
        if not service:
            return None
        if _lines[service].allows():
            log.warning("away", extra={"service": service}, exc_info=error)
        return answer(request.path, service)
