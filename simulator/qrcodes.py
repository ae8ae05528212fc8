"""The scanning of QR codes: an account's codes, and the code in a picture or named by a text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import quote_plus

import segno
from PIL import Image

from simulator.user_actions import ImpossibleError
from simulator.world import Account, QrCode

LISTED = 60
LARGEST_PICTURE = 20 * 1024 * 1024
PAGE_ADDRESS = re.compile(rb"https?://[!-~]+/safe/bindcomponent\?[!-~]+")


def picture(code: QrCode) -> bytes:
    """Returns the picture of a code, a JPG.

    The ticket is in its comment, by which an uploaded file is recognised.
    """
    return drawn(code.url, comment=code.ticket)


def drawn(text: str, comment: str = "") -> bytes:
    png, jpg = io.BytesIO(), io.BytesIO()
    segno.make(text, error="m").save(png, kind="png", scale=10, border=4)
    Image.open(png).convert("L").save(jpg, "JPEG", quality=90, comment=comment.encode())
    return jpg.getvalue()


def listed(account: Account, now: float) -> list[dict[str, Any]]:
    """Lists the codes, the newest first."""
    return [
        {
            "ticket": code.ticket,
            "scene": str(code.scene),
            "url": code.url,
            "ends_at": code.ends_at,
            "over": is_over(code, now),
        }
        for code in islice(_newest(account), LISTED)
    ]


def is_over(code: QrCode, now: float) -> bool:
    return code.ends_at is not None and code.ends_at <= now


def in_picture(account: Account, data: bytes) -> QrCode:
    """Returns the code whose ticket or URL is in the file.

    Raises ImpossibleError if there is none.
    """
    if len(data) > LARGEST_PICTURE:
        raise ImpossibleError("this picture is too large")
    found = (code for code in _newest(account) if code.ticket.encode() in data or code.url.encode() in data)
    return _first(found, "no code of this account was found in the picture")


def page_in_picture(data: bytes) -> str:
    """Returns the URL of the page of the platform whose code is in a picture, or "".

    An example is the page to authorise a component.
    """
    found = PAGE_ADDRESS.search(data)
    return found.group().decode() if found else ""


def in_text(account: Account, text: str) -> QrCode:
    """Returns the newest code with this ticket, URL or scene. Raises ImpossibleError."""
    text = text.strip()
    found = (code for code in _newest(account) if _means(code, text))
    return _first(found, "there is no such code")


def _first(found: Iterator[QrCode], otherwise: str) -> QrCode:
    code = next(found, None)
    if code is None:
        raise ImpossibleError(otherwise)
    return code


def _newest(account: Account) -> Iterator[QrCode]:
    return reversed(account.qrcodes.values())


def _means(code: QrCode, text: str) -> bool:
    if text in (code.ticket, code.url, str(code.scene)):
        return True
    return "ticket=" in text and text.partition("ticket=")[2] in (code.ticket, quote_plus(code.ticket))
