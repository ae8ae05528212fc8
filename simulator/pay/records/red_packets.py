"""The stored red packets. Money is in fen, times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Opened:
    """A portion of a red packet that a person took."""

    openid: str
    wallet: str
    amount: int
    at: float


@dataclass(slots=True)
class RedPacket:
    """A red packet; ``state`` is SENT, RECEIVED or REFUND.

    ``portions`` are the remaining amounts, in the order in which they are given out. ``due_at`` is the time
    when they are returned to the merchant.
    """

    mch_billno: str
    send_listid: str
    appid: str
    openid: str
    sender: str
    wishing: str
    activity: str
    remark: str
    total: int
    count: int
    is_group: bool
    terms: str
    made_at: float
    due_at: float | None
    portions: list[int] = field(default_factory=list)
    opened: list[Opened] = field(default_factory=list)
    state: str = "SENT"
    refunded_at: float = 0.0
    refunded: int = 0
