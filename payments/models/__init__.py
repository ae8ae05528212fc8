"""Who takes the money, for what, what WeChat Pay said about it, and what the bills say in the end."""

from payments.models.bills import Bill, BillLine, FundLine
from payments.models.discrepancies import Discrepancy
from payments.models.items import Item, ItemField, Sale
from payments.models.merchants import Merchant, PlatformCertificate
from payments.models.notices import Notice
from payments.models.orders import Order, Step
from payments.models.outbox import Event
from payments.models.refunds import Refund, RefundLimit

__all__ = [
    "Bill",
    "BillLine",
    "Discrepancy",
    "Event",
    "FundLine",
    "Item",
    "ItemField",
    "Merchant",
    "Notice",
    "Order",
    "PlatformCertificate",
    "Refund",
    "RefundLimit",
    "Sale",
    "Step",
]
