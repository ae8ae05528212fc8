"""The errors of WeChat Pay: an HTTP status, a code and a message (pay reference 9)."""

from __future__ import annotations

from typing import Any

from simulator.pay.texts import TEXTS

STATUS = {
    "SIGN_ERROR": 401,
    "NO_AUTH": 403,
    "OUT_TRADE_NO_USED": 403,
    "RULE_LIMIT": 403,
    "NOT_ENOUGH": 403,
    "NOT_FOUND": 404,
    "USER_ACCOUNT_ABNORMAL": 403,
    "ORDER_NOT_EXIST": 404,
    "RESOURCE_NOT_EXISTS": 404,
    "FREQUENCY_LIMITED": 429,
    "SYSTEM_ERROR": 500,
}


class PayError(Exception):
    """An error: the platform refuses a call; ``detail`` is sent with it, if any."""

    def __init__(
        self, code: str, message: str = "", *, status: int | None = None, detail: dict[str, Any] | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message or TEXTS.get(code, code)
        self.status = status or STATUS.get(code, 400)
        self.detail = detail

    @property
    def body(self) -> dict[str, Any]:
        detail = {} if self.detail is None else {"detail": self.detail}
        return {"code": self.code, **detail, "message": self.message}


def wrong(field: str, value: Any, issue: str, location: str = "body") -> PayError:
    """Returns the error for an invalid parameter.

    ``field`` is a JSON pointer in the body, or a name in the query.
    """
    detail = {"field": field, "value": value, "issue": issue, "location": location}
    return PayError("PARAM_ERROR", detail=detail)
