"""The admin's pages about bills and exceptions; each module registers its own."""

from payments.bills.admin import bills, discrepancies

__all__ = ["bills", "discrepancies"]
