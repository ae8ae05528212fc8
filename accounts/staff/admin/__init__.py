"""The admin's pages of official accounts, staff and the audit log; each module registers its own."""

from accounts.staff.admin import audit, official, staff

__all__ = ["audit", "official", "staff"]
