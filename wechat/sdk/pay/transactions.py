"""The reports of payments and refunds, in answers and notifications.

Unknown fields are ignored. A missing field, a field of a wrong type, or a number or openid that is too long
makes the report unreadable.

WeChat Pay reference 5.1, 5.3, 5.4.
"""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wechat.sdk.pay.errors import NotUnderstood
from wechat.sdk.pay.money import LARGEST

# A refund, even of a part, replaces SUCCESS: the order *was* paid.
PAID = frozenset({"SUCCESS", "REFUND"})
OVER = frozenset({"CLOSED", "REVOKED", "PAYERROR"})
# Of others nobody can tell what time they are in another zone, neither Python nor who reads them of Postgres.
YEARS = range(2000, 9999)
LONGEST_NUMBER, LONGEST_OPENID = 32, 128


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
        trade_type=_text(answer, "trade_type"),
        bank_type=_text(answer, "bank_type"),
        openid=_text(payer, "openid", LONGEST_OPENID),
        success_time=_moment(answer, "success_time"),
        total=_number(amount, "total"),
        payer_total=_number(amount, "payer_total"),
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
        payer_refund=_number(amount, "payer_refund"),
        user_received_account=_text(answer, "user_received_account"),
        mchid=_text(answer, "mchid"),
    )


def _part(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = answer.get(name) or {}
    if not isinstance(part, Mapping):
        raise NotUnderstood(f"{name} is no object")
    return part


def _text(answer: Mapping[str, Any], name: str, longest: int | None = None) -> str:
    value = answer.get(name) or ""
    if not isinstance(value, str):
        raise NotUnderstood(f"{name} is no text")
    if longest is not None and len(value) > longest:
        raise NotUnderstood(f"{name} has more than {longest} characters")
    return value


def _number(answer: Mapping[str, Any], name: str) -> int | None:
    value = answer.get(name)
    if value is None:
        return None
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise NotUnderstood(f"{name} is no amount in fen")
    return value


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
