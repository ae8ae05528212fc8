"""Where bills join in: every mismatch becomes an exception, and a new merchant's bills are fetched."""

from payments.bills import discrepancies, reconciling

__all__ = ["discrepancies", "reconciling"]
