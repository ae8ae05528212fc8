"""What moves a merchant's money, and payments nobody made. Money is fen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Movement:
    """A line of the fund flow; `change` is signed, `balance` the merchant's money after it."""

    at: float
    number: str
    transaction_id: str
    kind: str
    change: int
    balance: int
    gross: int
    fee: int
    voucher: str


@dataclass(slots=True)
class Ballast:
    """Payments of one day that nobody made, for bills of any length. Only the trade bill has them."""

    day: str
    count: int
    total: int
    prefix: str
