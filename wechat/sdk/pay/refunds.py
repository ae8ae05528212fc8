"""Refunds. WeChat Pay reference 5.3."""

from dataclasses import dataclass
from typing import Any

from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.transactions import RefundReport, read_refund

REFUNDS = "/v3/refund/domestic/refunds"


@dataclass(frozen=True, slots=True)
class NewRefund:
    """Amounts in fen; `total` is that of the order, for the second partial refund too."""

    transaction_id: str
    out_refund_no: str
    refund: int
    total: int
    notify_url: str
    reason: str = ""


def refund(client: PayClient, new: NewRefund) -> RefundReport:
    """The same number is the same refund: repeating it is harmless, a new number is a second refund."""
    body: dict[str, Any] = {
        "transaction_id": new.transaction_id,
        "out_refund_no": new.out_refund_no,
        "notify_url": new.notify_url,
        "amount": {"refund": new.refund, "total": new.total, "currency": "CNY"},
    }
    if new.reason:
        body["reason"] = new.reason
    return read_refund(client.post(REFUNDS, body))


def query(client: PayClient, out_refund_no: str) -> RefundReport:
    """Raises Refused with RESOURCE_NOT_EXISTS for a refund that was never accepted."""
    return read_refund(client.get(f"{REFUNDS}/{out_refund_no}", api=f"{REFUNDS}/query"))
