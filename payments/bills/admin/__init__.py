"""The admin's pages about bills and discrepancies; each module registers its own."""

from payments.bills.admin import bills, discrepancies

__all__ = ["bills", "discrepancies"]
