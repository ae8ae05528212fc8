"""The calls for refunds. WeChat Pay reference 5.3."""

from dataclasses import dataclass, field
from typing import Any

from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.errors import KeyRefused
from wechat.sdk.pay.sealing import seal_field
from wechat.sdk.pay.transactions import RefundReport, read_refund

REFUNDS = "/v3/refund/domestic/refunds"


@dataclass(frozen=True, slots=True)
class NewRefund:
    """A new refund, amounts in fen; ``total`` is that of the order, also for a second partial refund.

    Only API v2 needs the ``appid``.
    """

    transaction_id: str
    out_refund_no: str
    refund: int
    total: int
    notify_url: str
    reason: str = ""
    appid: str = ""


@dataclass(frozen=True, slots=True)
class BankCard:
    """A debit card of the payer; ``bank`` is WeChat Pay's name of it, such as ``CMB_DEBIT``."""

    bank: str
    number: str = field(repr=False)
    holder: str = field(repr=False)


def refund(client: PayClient, new: NewRefund) -> RefundReport:
    """Asks for a refund.

    The same number is the same refund, so a repeated call is harmless; a new number is a second refund.
    """
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
    """Returns the refund.

    Raises PayRefused with RESOURCE_NOT_EXISTS for a refund that was never accepted.
    """
    return read_refund(client.get(f"{REFUNDS}/{out_refund_no}", api=f"{REFUNDS}/query"))


def pay_out_abnormal(
    client: PayClient, refund_id: str, out_refund_no: str, card: BankCard | None
) -> RefundReport:
    """Pays an ABNORMAL refund out to another card, or to the merchant's own account.

    Raises KeyRefused.
    """
    body: dict[str, Any] = {"out_refund_no": out_refund_no, "type": "MERCHANT_BANK_CARD"}
    if card is not None:
        key = client.platform.by_serial.get(client.platform.preferred)
        if key is None:
            raise KeyRefused("no key of WeChat Pay to seal the card with")
        body |= {
            "type": "USER_BANK_CARD",
            "bank_type": card.bank,
            "bank_account": seal_field(card.number, key),
            "real_name": seal_field(card.holder, key),
        }
    path = f"{REFUNDS}/{refund_id}/apply-abnormal-refund"
    return read_refund(client.post(path, body, api=f"{REFUNDS}/apply-abnormal-refund"))
