"""The bills of WeChat Pay, and where they and our books do not agree."""

from payments.bills.models.bills import Bill, BillLine, FundLine
from payments.bills.models.discrepancies import Discrepancy

__all__ = ["Bill", "BillLine", "Discrepancy", "FundLine"]
