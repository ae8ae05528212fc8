"""The checks of a request before a thread handles it: its headers are valid and its body is complete.

Anybody can send requests to every path, the pages for staff included. So the event loop decides by the path
alone: a request that is too large, too slow or unreadable is refused here. A received body waits on disk,
where a process uses at most ``MOST_ON_DISK``.
"""

import re
import threading
from collections.abc import Mapping
from http.cookies import CookieError
from typing import Any

from django.conf import settings
from django.http import HttpRequest, parse_cookie
from django.http.response import JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _

from wechat.kernel.bodies import BodyTooLarge, BodyTooSlow, Receive, receive_into
from wechat.kernel.disk import TemporaryContent
from wechat.kernel.responses import Send, send_content

# The longest first that fits the beginning of a path; elsewhere forms of a few fields are sent.
LIMITS = (
    ("/admin/login/", 64 * 1024),
    # A table has at most 50 MB, and comes in a form.
    ("/admin/", 51 * 1024 * 1024),
    ("/api/", settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0),
)
LIMIT_ELSEWHERE = 256 * 1024
MOST_HEADERS = 64 * 1024
IN_MEMORY = 64 * 1024
MOST_ON_DISK = 256 * 1024 * 1024

UTF_8 = re.compile(r";\s*charset\s*=\s*(\"?)utf-?8\1\s*(?=;|$)", re.IGNORECASE)
# ``name*=charset'language'value``, by which a header chooses how it is to be decoded (RFC 2231).
EXTENDED = re.compile(r"\*\s*=|\*[0-9]+\*?\s*=")


class RequestRefused(Exception):
    """The error for a refused request, with the HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Body:
    """The body of a request: in memory while it is small, else in a temporary file until it is closed."""

    _on_disk = 0
    # A body grows in the event loop, and is closed in the thread of its page.
    _lock = threading.Lock()

    def __init__(self) -> None:
        self.file = TemporaryContent(IN_MEMORY)
        self.size = 0

    def write(self, data: bytes) -> int:
        """Adds data. Raises ``RequestRefused`` if all bodies would need more than ``MOST_ON_DISK``."""
        before, self.size = self._counted, self.size + len(data)
        on_disk = self._count(self._counted - before)
        if self._counted and on_disk > MOST_ON_DISK:
            raise RequestRefused(503)
        return self.file.write(data)

    def close(self) -> None:
        self._count(-self._counted)
        self.file.close()

    @classmethod
    def _count(cls, grown: int) -> int:
        """Adds ``grown`` bytes to what all bodies have on disk, and returns the sum."""
        with cls._lock:
            cls._on_disk += grown
            return cls._on_disk

    @property
    def _counted(self) -> int:
        return self.size if self.size > IN_MEMORY else 0


async def read(scope: Any, receive: Receive, body: Body) -> None:
    """Checks the headers and receives the body. Raises ``RequestRefused`` and ``SenderGone``."""
    headers = headers_of(scope)
    _check_headers(scope["headers"], headers)
    # No row holds this character, and no database can be asked for it; a cookie may have it in octal.
    if "\0" in scope["path"] or b"%00" in scope["query_string"] or "\\000" in headers.get(b"cookie", ""):
        raise RequestRefused(400)
    limit = limit_of(scope["path"])
    declared = headers.get(b"content-length", "0")
    if not declared.isdecimal() or len(declared) > 18:
        raise RequestRefused(400)
    if int(declared) > limit:
        raise RequestRefused(413)
    try:
        await receive_into(body, receive, limit)
    except BodyTooLarge:
        raise RequestRefused(413) from None
    except BodyTooSlow:
        raise RequestRefused(408) from None
    body.file.seek(0)


def headers_of(scope: Any) -> dict[bytes, str]:
    """Returns the headers by name; repeated ones are joined by commas, as Django reads them."""
    headers: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        headers[name] = f"{headers[name]},{text}" if name in headers else text
    return headers


def limit_of(path: str) -> int:
    """Returns the largest allowed body for the path, in bytes."""
    return next((limit for start, limit in LIMITS if path.startswith(start)), LIMIT_ELSEWHERE)


def _check_headers(pairs: list[tuple[bytes, bytes]], headers: Mapping[bytes, str]) -> None:
    """Refuses headers that are too long, or that name another codec than UTF-8. Raises ``RequestRefused``.

    A header that names a codec has its bytes decoded with it, and Python has codecs that take minutes,
    unpack, or raise whatever they are given.
    """
    if sum(len(name) + len(value) for name, value in pairs) > MOST_HEADERS:
        raise RequestRefused(431)
    content_type = headers.get(b"content-type", "")
    if content_type.lower().count("charset") != len(UTF_8.findall(content_type)):
        raise RequestRefused(415)
    if EXTENDED.search(content_type) or EXTENDED.search(headers.get(b"accept", "")):
        raise RequestRefused(400)


async def refuse(status: int, scope: Any, send: Send) -> None:
    """Answers in the format of the path, in the reader's language."""
    headers = headers_of(scope)
    with translation.override(_language(headers)):
        kind, content = _in_words(status, scope["path"])
    fields = {
        b"content-type": kind,
        b"x-content-type-options": b"nosniff",
        # What is still to come of the body is nobody's next request.
        b"connection": b"close",
        **({b"retry-after": b"30"} if status == 503 else {}),
    }
    await send_content(status, fields.items(), content, send)


def _language(headers: Mapping[bytes, str]) -> str:
    request = HttpRequest()
    request.META = {"HTTP_ACCEPT_LANGUAGE": headers.get(b"accept-language", "")}
    try:
        request.COOKIES = parse_cookie(headers.get(b"cookie", ""))
    except CookieError:
        request.COOKIES = {}
    return translation.get_language_from_request(request)


def _in_words(status: int, path: str) -> tuple[bytes, bytes]:
    code, message = {
        400: ("invalid", _("This request makes no sense.")),
        408: ("too_slow", _("The body came too slowly.")),
        413: ("too_large", _("The body is too large.")),
        415: ("unsupported_media_type", _("Only UTF-8 is read here.")),
        431: ("headers_too_large", _("The headers of this request are too large.")),
        503: ("too_many_uploads", _("Too much is being uploaded at the moment; try again in half a minute.")),
    }[status]
    if path.startswith("/api/"):
        return b"application/json", JsonResponse({"error": {"code": code, "message": message}}).content
    if path.startswith("/pay/"):
        return b"application/json", JsonResponse({"code": "FAIL", "message": message}).content
    return b"text/plain; charset=utf-8", message.encode()
