"""The registrations of this app: mismatches become discrepancies, and a new merchant's bills are fetched."""

from payments.bills import discrepancies, reconciling

__all__ = ["discrepancies", "reconciling"]
