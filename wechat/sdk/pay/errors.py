"""The errors of WeChat Pay and of calls to it.

    WeChatError
     ├ TransportError     no usable answer; whether the call worked is unknown (see its ``outcome_unknown``)
     └ PayError
        ├ NotGenuine      an answer or a notification whose signature does not hold
        ├ Unsealable      a genuine message that does not decrypt with our keys
        ├ NotUnderstood   a genuine message nobody can read
        ├ KeyRefused      a key or certificate that is none, or not the one it is said to be
        ├ BillDamaged     a bill file that is not what its hash or its summary says
        └ PayRefused      WeChat Pay said no, and why

Source: WeChat Pay reference 9 (errors).
"""

from enum import Enum

from wechat.sdk.errors import Cause, WeChatError


class PayError(WeChatError):
    """The root of all errors here; never raised itself."""


class NotGenuine(PayError):
    """The error for a message that is not provably from WeChat Pay, or too old.

    ``reason`` is a metric label: missing_header, timestamp, serial, signature, signature_type or malformed.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"not genuine: {reason}")
        self.reason = reason


class Unsealable(PayError):
    """The error for a text that cannot be decrypted; usually the APIv3 key was reset there but not here."""

    @property
    def cause(self) -> Cause:
        """Returns ``ACCOUNT``: nothing can be opened before the owner enters the right key."""
        return Cause.ACCOUNT


class NotUnderstood(PayError):
    """The error for a genuine message that nobody can read."""

    BEGINNING = "not understood: "

    def __init__(self, why: str) -> None:
        super().__init__(self.BEGINNING + why)


class KeyRefused(PayError):
    pass


class BillDamaged(PayError):
    """The error for a bill file that is not what its hash or its summary says, or no bill at all."""

    BEGINNING = "damaged bill: "

    def __init__(self, why: str) -> None:
        super().__init__(self.BEGINNING + why)

    @property
    def cause(self) -> Cause:
        """Returns ``LATER``, as the next download may be whole."""
        return Cause.LATER


class Advice(Enum):
    """The possible reactions to a refusal (reference 9.2)."""

    REPEAT = "repeat"  # the same request, with the same numbers
    QUERY = "query"  # first look what became of it
    WAIT = "wait"  # slow down, then look what became of it
    STOP = "stop"  # a person or other input is needed


CODES: dict[str, Advice] = {
    "USERPAYING": Advice.QUERY,
    "PARAM_ERROR": Advice.STOP,
    "INVALID_REQUEST": Advice.STOP,
    "APPID_MCHID_NOT_MATCH": Advice.STOP,
    "MCH_NOT_EXISTS": Advice.STOP,
    "ORDER_CLOSED": Advice.STOP,
    "ORDERCLOSED": Advice.STOP,
    "ORDER_PAID": Advice.QUERY,
    "ORDERPAID": Advice.QUERY,
    "ORDER_REVERSED": Advice.STOP,
    "NO_STATEMENT_EXIST": Advice.STOP,
    "STATEMENT_CREATING": Advice.WAIT,
    "ALREADY_EXISTS": Advice.QUERY,
    "RESOURCE_ALREADY_EXISTS": Advice.QUERY,
    "SIGN_ERROR": Advice.STOP,
    "NO_AUTH": Advice.STOP,
    "OUT_TRADE_NO_USED": Advice.QUERY,
    "NOT_ENOUGH": Advice.STOP,
    "USER_ACCOUNT_ABNORMAL": Advice.STOP,
    "ACCOUNT_ERROR": Advice.STOP,
    "RULE_LIMIT": Advice.STOP,
    "TRADE_ERROR": Advice.STOP,
    "REQUEST_BLOCKED": Advice.STOP,
    "ORDER_NOT_EXIST": Advice.QUERY,
    "ORDERNOTEXIST": Advice.QUERY,
    "RESOURCE_NOT_EXISTS": Advice.STOP,
    "FREQUENCY_LIMITED": Advice.WAIT,
    "RATELIMIT_EXCEEDED": Advice.WAIT,
    "FREQUENCY_LIMIT_EXCEED": Advice.WAIT,
    "SYSTEM_ERROR": Advice.REPEAT,
    "SYSTEMERROR": Advice.REPEAT,
    "BANK_ERROR": Advice.REPEAT,
    "BANKERROR": Advice.REPEAT,
    "INVALID_TRANSACTIONID": Advice.STOP,
    "OPENID_MISMATCH": Advice.STOP,
    "SERVICE_UNAVAILABLE": Advice.REPEAT,
}


# What only the owner can put right, for the merchant as a whole.
REFUSED_MERCHANT = frozenset({"APPID_MCHID_NOT_MATCH", "MCH_NOT_EXISTS", "SIGN_ERROR", "NO_AUTH"})
# Answers about this one call, though the same advice elsewhere means that WeChat Pay is away or overrun: a
# bill that is not made yet, the bank of one payer.
ONLY_THIS_CALL = frozenset({"STATEMENT_CREATING", "BANK_ERROR", "BANKERROR"})


class PayRefused(PayError):
    """The error for a refusal by WeChat Pay.

    Refusals have no signature, so they may stop or repeat a call, but never mark anything as paid or
    refunded. ``code`` is empty for 404 and 405 of unknown paths, which have empty bodies.
    """

    is_answer = True

    def __init__(self, status: int, code: str, message: str, api: str = "", request_id: str = "") -> None:
        super().__init__(f"{api} answered {status} {code}: {message}".strip())
        self.status = status
        self.code = code
        self.message = message
        self.api = api
        self.request_id = request_id

    @property
    def advice(self) -> Advice:
        if self.status == 429:
            return Advice.WAIT
        # A code we do not know, in the 500s or with 202, leaves open what happened.
        unknown = Advice.REPEAT if self.status >= 500 or self.status == 202 else Advice.STOP
        return CODES.get(self.code, unknown)

    @property
    def cause(self) -> Cause:
        if self.code in REFUSED_MERCHANT:
            return Cause.ACCOUNT
        if self.code in ONLY_THIS_CALL or self.status == 202:
            return Cause.LATER
        causes = {Advice.WAIT: Cause.RATE, Advice.REPEAT: Cause.AWAY, Advice.QUERY: Cause.LATER}
        return causes.get(self.advice, Cause.ROW)

    @property
    def retryable(self) -> bool:
        return self.advice in {Advice.REPEAT, Advice.WAIT}

    @property
    def outcome_unknown(self) -> bool:
        """Returns whether the call may have succeeded in spite of the error."""
        return self.advice is not Advice.STOP
