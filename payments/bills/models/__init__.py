"""The models of WeChat Pay's bills and of discrepancies, in which they differ from our books."""

from payments.bills.models.bills import Bill, BillLine, FundLine
from payments.bills.models.discrepancies import Discrepancy

__all__ = ["Bill", "BillLine", "Discrepancy", "FundLine"]
