"""The stored transfers to users. Money is in fen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Transfer:
    """A transfer to a user; ``due_at`` is the time when it ends by itself. Money is in fen."""

    out_bill_no: str
    transfer_bill_no: str
    appid: str
    openid: str
    amount: int
    remark: str
    terms: str
    notify_url: str
    package: str
    made_at: float
    changed_at: float
    due_at: float | None
    state: str = "WAIT_USER_CONFIRM"
    fail_reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in ("WAIT_USER_CONFIRM", "CANCELING")


@dataclass(slots=True)
class Payout:
    """A payment by the old API to a user's wallet, completed immediately."""

    partner_trade_no: str
    payment_no: str
    appid: str
    openid: str
    amount: int
    description: str
    name: str
    terms: str
    made_at: float
