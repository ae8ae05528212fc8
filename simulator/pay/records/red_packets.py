"""Red packets as the platform keeps them. Money is fen, times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Opened:
    """A portion of a red packet that one person took."""

    openid: str
    wallet: str
    amount: int
    at: float


@dataclass(slots=True)
class RedPacket:
    """A red packet; `state` is SENT, RECEIVED or REFUND.

    `portions` are what is in it still, in the order they are got. `due_at` is when what nobody opened goes
    back to the merchant.
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
