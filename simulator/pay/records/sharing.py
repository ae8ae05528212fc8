"""The stored profit sharing. Money is in fen, times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Receiver:
    """A receiver of profit sharing.

    ``type`` is MERCHANT_ID, PERSONAL_OPENID or PERSONAL_SUB_OPENID.
    """

    type: str
    account: str
    relation: str
    custom_relation: str = ""
    sub_mchid: str = ""


@dataclass(slots=True)
class Share:
    """A receiver's share of an order. ``result`` is PENDING, SUCCESS or CLOSED; ``returned``: given back."""

    detail_id: str
    type: str
    account: str
    amount: int
    description: str
    result: str = "PENDING"
    fail_reason: str = ""
    returned: int = 0
    is_rest: bool = False


@dataclass(slots=True)
class Sharing:
    """A request to share an order. ``ends`` is the result of its shares at ``due_at``."""

    out_order_no: str
    order_id: str
    mchid: str
    out_trade_no: str
    transaction_id: str
    sub_mchid: str
    terms: str
    made_at: float
    finished_at: float
    due_at: float | None
    ends: str = "SUCCESS"
    shares: list[Share] = field(default_factory=list)

    @property
    def state(self) -> str:
        return "FINISHED" if self.due_at is None else "PROCESSING"


@dataclass(slots=True)
class SharingReturn:
    """The return of a share by a receiving merchant. ``result`` is SUCCESS or FAILED."""

    out_return_no: str
    return_id: str
    out_order_no: str
    order_id: str
    transaction_id: str
    return_mchid: str
    sub_mchid: str
    amount: int
    description: str
    terms: str
    at: float
    result: str = "SUCCESS"
    fail_reason: str = ""
