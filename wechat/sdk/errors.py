"""The errors of the platform and of calls to it.

    WeChatError
     ├ EnvelopeError      a callback that must be refused with 403
     ├ MalformedMessage   a genuine callback that cannot be parsed: keep it raw, answer "success"
     ├ ContentError       a reply the platform would refuse
     ├ TransportError     the network failed, or the answer was no answer
     └ ApiError           the platform refused, and why

Source: WeChat reference 16 (error codes).
"""

import re
from collections.abc import Sequence
from enum import Enum

from wechat.sdk.error_codes import ERROR_CODES


class Cause(Enum):
    """The cause of a failed call, as far as it matters for other calls."""

    QUOTA = "quota"  # the calls of the day are used up
    RATE = "rate"  # too many calls in a short time
    ACCOUNT = "account"  # this account, or this server, may not call this at all
    AWAY = "away"  # the other side gives no answer, or is too busy for one
    LATER = "later"  # only this call, and only for the moment
    ROW = "row"  # this call can never pass


UNKNOWN = ("permanent_for_request", "unknown error code")
TOKEN_PATHS = ("/cgi-bin/token", "/cgi-bin/stable_token")
WRONG_SECRET = 40001
# What only the owner can put right, for the account as a whole: those with "operator action" in the reference
# that are about more than the one message, menu or template.
REFUSED_ACCOUNT = frozenset(
    {
        40013, 40125, 40164, 40200, 40243, 41002, 41004, 43104, 43107, 45035, 45062, 45087, 48001, 48003,
        48004, 50002, 50004, 50007, 61004, 61007, 61016, 65400, 89503, 89506, 89507, 200011, 200100,
    }
)  # fmt: skip
CAUSES = {
    45009: Cause.QUOTA,
    45011: Cause.RATE,
    42010: Cause.RATE,
    -1: Cause.AWAY,
    61450: Cause.AWAY,
    268487001: Cause.AWAY,
    268487002: Cause.AWAY,
}


class WeChatError(Exception):
    """The root of all errors here; never raised itself.

    ``is_answer`` tells whether the other side answered, so that it is reachable.
    """

    is_answer = False

    @property
    def cause(self) -> Cause:
        return Cause.ROW


class EnvelopeError(WeChatError):
    """The error for a callback that is not provably from the platform.

    ``reason`` is a metric label: missing, signature, stale, downgraded, padding, appid, malformed or length.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MalformedMessage(WeChatError):
    """The error for a genuine push that cannot be parsed; ``raw`` is the decrypted body."""

    def __init__(self, raw: bytes, why: str = "") -> None:
        super().__init__(why or "unreadable push")
        self.raw = raw


class ContentError(WeChatError):
    """The error for a content that the platform would refuse.

    ``message`` is an English sentence; ``code`` and ``params`` let another layer say the same in another
    language. Codes: required, too_long, too_many, not_a_url, not_passive, not_service, unknown_type,
    malformed.
    """

    def __init__(
        self, field: str, message: str, limit: int | None = None, *, code: str = "malformed"
    ) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.limit = limit
        self.code = code

    @property
    def params(self) -> dict[str, str | int]:
        return {"field": self.field} if self.limit is None else {"field": self.field, "limit": self.limit}


class TransportError(WeChatError):
    """The error for a call without a usable answer; ``outcome_unknown`` is False only if it was not sent."""

    retryable = True

    def __init__(self, message: str, *, outcome_unknown: bool) -> None:
        super().__init__(message)
        self.outcome_unknown = outcome_unknown

    @property
    def cause(self) -> Cause:
        return Cause.AWAY


class ApiError(WeChatError):
    """The error for an answer of the platform with an errcode other than 0.

    An unknown code counts as permanent for the request. ``client_ip`` is the address to add to the account's
    IP whitelist (40164 only); ``failed_openids`` are those for which a bulk call failed (45171 only).
    ``msg_id`` is the mass send that an answer is about (45065: the earlier one with the same clientmsgid), or
    0. WeChat reference 0.2, 11 and 16.
    """

    is_answer = True

    def __init__(
        self,
        errcode: int,
        errmsg: str,
        rid: str = "",
        api: str = "",
        client_ip: str = "",
        failed_openids: Sequence[str] = (),
        msg_id: int = 0,
    ) -> None:
        super().__init__(f"{api} answered {errcode}: {errmsg}" if api else f"{errcode}: {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg
        self.rid = rid
        self.api = api
        self.client_ip = client_ip
        self.failed_openids = tuple(failed_openids)
        self.msg_id = msg_id

    @classmethod
    def from_answer(
        cls, errcode: int, errmsg: str, api: str, failed_openids: Sequence[str] = (), msg_id: int = 0
    ) -> "ApiError":
        """Returns the error from the platform's text, with the request id and, for 40164, our address."""
        rid = re.search(r"\brid: ?([0-9a-f]+(?:-[0-9a-f]+)*)", errmsg)
        address = re.search(r"invalid ip ([0-9a-fA-F.:]+)", errmsg) if errcode == 40164 else None
        return cls(
            errcode, errmsg, rid[1] if rid else "", api, address[1] if address else "", failed_openids, msg_id
        )

    @property
    def category(self) -> str:
        """Returns the category of WeChat reference 16; of 40001 in a call for a token, that of the secret."""
        if self._complains_of_secret:
            return "permanent_for_request"
        return ERROR_CODES.get(self.errcode, UNKNOWN)[0]

    @property
    def cause(self) -> Cause:
        if self.errcode in REFUSED_ACCOUNT or self._complains_of_secret:
            return Cause.ACCOUNT
        if self.errcode in CAUSES:
            return CAUSES[self.errcode]
        return Cause.LATER if self.retryable or self.refresh_token else Cause.ROW

    @property
    def _complains_of_secret(self) -> bool:
        return self.errcode == WRONG_SECRET and self.api.startswith(TOKEN_PATHS)

    @property
    def meaning(self) -> str:
        return ERROR_CODES.get(self.errcode, UNKNOWN)[1]

    @property
    def retryable(self) -> bool:
        return self.category == "retryable"

    @property
    def refresh_token(self) -> bool:
        return self.category == "refresh_token_and_retry"

    @property
    def permanent_for_recipient(self) -> bool:
        return self.category == "permanent_for_recipient"

    @property
    def quota(self) -> bool:
        return self.category == "quota"
