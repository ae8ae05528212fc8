"""The stored movements of a merchant's money, and invented payments. Money is in fen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Movement:
    """A line of the fund flow; ``change`` is signed, ``balance`` is the merchant's money after it."""

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
    """Invented payments of one day, for bills of any length. They appear only in the trade bill."""

    day: str
    count: int
    total: int
    prefix: str
