"""The errors of the API: HTTP 200 with errcode, errmsg and a request id (WeChat reference 0.2 and 16)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from simulator.error_texts import TEXTS


class ApiError(Exception):
    """The refusal of a call. ``details`` fill the placeholders of its text, ``more`` extends the answer."""

    def __init__(self, code: int, *details: str, more: Mapping[str, object] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.more = more or {}
        self.text = (
            TEXTS.get(code, "unknown error").format(*details) if details else TEXTS.get(code, "unknown error")
        )


def refusal(code: int, text: str, rid: str) -> dict[str, object]:
    return {"errcode": code, "errmsg": f"{text} rid: {rid}"}


def request_id(now: float) -> str:
    """Returns a new request id, which begins with the time, like the platform's."""
    digits = secrets.token_hex(8)
    return f"{int(now):08x}-{digits[:8]}-{digits[8:]}"
