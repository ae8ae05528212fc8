"""The reports of payments and refunds, in answers and notifications.

Unknown fields are ignored, and a description of a wrong type is none. What decides about money makes the
report unreadable if it is missing, of a wrong type, or too long; a number may be a text.

WeChat Pay reference 5.1, 5.3, 5.4.
"""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wechat.sdk import answers
from wechat.sdk.pay.errors import NotUnderstood
from wechat.sdk.pay.money import LARGEST

# A refund, even of a part, replaces SUCCESS: the order *was* paid.
PAID = frozenset({"SUCCESS", "REFUND"})
OVER = frozenset({"CLOSED", "REVOKED", "PAYERROR"})
# Of others nobody can tell what time they are in another zone, neither Python nor who reads them of Postgres.
YEARS = range(2000, 9999)
LONGEST_NUMBER, LONGEST_OPENID = 32, 128
WHOLE = re.compile(r"([0-9]{1,16})(?:\.0+)?")


@dataclass(frozen=True, slots=True)
class Transaction:
    """A payment as reported by a query or a notification; amounts in fen, absent ones ``None``."""

    mchid: str
    appid: str
    out_trade_no: str
    trade_state: str
    transaction_id: str
    trade_type: str
    bank_type: str
    openid: str
    success_time: datetime.datetime | None
    total: int | None
    payer_total: int | None
    currency: str

    @property
    def is_paid(self) -> bool:
        return self.trade_state in PAID


@dataclass(frozen=True, slots=True)
class RefundReport:
    """A refund as reported by its call, a query or a notification; amounts in fen."""

    out_trade_no: str
    out_refund_no: str
    refund_id: str
    transaction_id: str
    status: str
    success_time: datetime.datetime | None
    total: int | None
    refund: int | None
    payer_refund: int | None
    user_received_account: str
    mchid: str = ""


def read_transaction(answer: Mapping[str, Any]) -> Transaction:
    """Reads a payment. Raises NotUnderstood."""
    amount, payer = _part(answer, "amount"), _part(answer, "payer")
    state = _text(answer, "trade_state")
    if not state or not _text(answer, "out_trade_no"):
        raise NotUnderstood("a transaction without a state or a number")
    return Transaction(
        mchid=_text(answer, "mchid"),
        appid=_text(answer, "appid"),
        out_trade_no=_text(answer, "out_trade_no"),
        trade_state=state,
        transaction_id=_text(answer, "transaction_id", LONGEST_NUMBER),
        trade_type=answers.text(answer, "trade_type"),
        bank_type=answers.text(answer, "bank_type"),
        openid=_text(payer, "openid", LONGEST_OPENID),
        success_time=_moment(answer, "success_time"),
        total=_number(amount, "total"),
        payer_total=_fen(amount.get("payer_total")),
        currency=_text(amount, "currency"),
    )


def read_refund(answer: Mapping[str, Any]) -> RefundReport:
    """Reads a refund. Raises NotUnderstood."""
    amount = _part(answer, "amount")
    # A notification calls it refund_status, an answer status.
    status = _text(answer, "refund_status") or _text(answer, "status")
    if not status or not _text(answer, "out_refund_no"):
        raise NotUnderstood("a refund without a status or a number")
    return RefundReport(
        out_trade_no=_text(answer, "out_trade_no"),
        out_refund_no=_text(answer, "out_refund_no"),
        refund_id=_text(answer, "refund_id", LONGEST_NUMBER),
        transaction_id=_text(answer, "transaction_id", LONGEST_NUMBER),
        status=status,
        success_time=_moment(answer, "success_time"),
        total=_number(amount, "total"),
        refund=_number(amount, "refund"),
        payer_refund=_fen(amount.get("payer_refund")),
        user_received_account=answers.text(answer, "user_received_account"),
        mchid=_text(answer, "mchid"),
    )


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = answer.get(name) or {}
    if not isinstance(part, Mapping):
        raise NotUnderstood(f"{name} is no object")
    return part


def _text(answer: Mapping[str, Any], name: str, longest: int | None = None) -> str:
    value = answers.text(answer, name)
    if not value and answer.get(name):
        raise NotUnderstood(f"{name} is no text")
    if longest is not None and len(value) > longest:
        raise NotUnderstood(f"{name} has more than {longest} characters")
    return value


def _number(answer: Mapping[str, Any], name: str) -> int | None:
    value = answer.get(name)
    if value is None:
        return None
    if (found := _fen(value)) is None:
        raise NotUnderstood(f"{name} is no amount in fen")
    return found


def _fen(value: object) -> int | None:
    """Returns an amount, also of ``"100"`` or ``100.0``; ``None`` for any other value."""
    is_number = isinstance(value, int | float | str) and not isinstance(value, bool)
    found = WHOLE.fullmatch(str(value)) if is_number else None
    return int(found[1]) if found and int(found[1]) <= LARGEST else None


def _moment(answer: Mapping[str, Any], name: str) -> datetime.datetime | None:
    text = _text(answer, name)
    if not text:
        return None
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise NotUnderstood(f"{name} is no time") from None
    if moment.tzinfo is None:
        raise NotUnderstood(f"{name} has no time zone")
    if moment.year not in YEARS:
        raise NotUnderstood(f"{name} is no time of a payment")
    return moment
