"""The trade bill by the old API: the file itself, or XML with an error (pay reference 8)."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime

from simulator.pay import bills, moments
from simulator.pay.bill_layout import chosen
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant
from simulator.pay.trade_bill import DAY, TradeBill

PATH = "/pay/downloadbill"
NONE, MISSING, BAD_TYPE = "20002", "20007", "20003"


class NoBillError(Exception):
    """An error: there is no bill; ``code`` and the message are the platform's."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def file(runtime: Runtime, merchant: Merchant, fields: Mapping[str, str]) -> bytes:
    """Returns the file of a bill, with gzip if requested. Raises NoBillError."""
    if not fields.get("bill_date"):
        raise NoBillError(MISSING, "missing parameter")
    try:
        day = datetime.strptime(fields["bill_date"], "%Y%m%d").strftime("%Y-%m-%d")
    except ValueError:
        raise NoBillError(NONE, "data format error") from None
    kind = fields.get("bill_type") or "ALL"
    if kind not in bills.TRADE_KINDS:
        raise NoBillError(BAD_TYPE, "invalid bill_type")
    layout = chosen(runtime.state.settings)
    bill, now = TradeBill(merchant, day, kind, layout), runtime.world.now
    if bill.is_empty or now < moments.start_of(day) + DAY:
        raise NoBillError(NONE, "No Bill Exist")
    if now < moments.start_of(day) + DAY + bills.READY:
        raise NoBillError(NONE, "Bill Creating")
    content = b"".join(bills.blocks(TradeBill(merchant, day, kind, layout), layout.style))
    return zipped(content) if fields.get("tar_type") == "GZIP" else content


def zipped(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=bills.GZIP)
    return packer.compress(content) + packer.flush()
