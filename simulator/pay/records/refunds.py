"""The stored refunds. Money is in fen."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Turn:
    """A state of a refund, entered at ``at``."""

    status: str
    at: float


@dataclass(slots=True)
class Refund:
    """A refund of an order.

    ``ends`` is its state from ``due_at``. ``fee`` is the part of the order's fee that the merchant gets back.
    ``reversal`` marks the reversal of a whole payment, which is not notified.
    """

    out_refund_no: str
    refund_id: str
    out_trade_no: str
    amount: int
    payer_amount: int = 0
    fee: int = 0
    terms: str = ""
    reason: str = ""
    notify_url: str = ""
    v2: bool = False
    reversal: bool = False
    made_at: float = 0.0
    due_at: float | None = None
    ends: str = "SUCCESS"
    received: str = "支付用户零钱"
    turns: list[Turn] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.turns[-1].status

    def status_at(self, moment: float) -> str:
        """Returns the state of the refund at that moment."""
        return next((turn.status for turn in reversed(self.turns) if turn.at <= moment), "PROCESSING")
