"""The admin's pages about official accounts, staff and what staff did; each module registers its own."""

from accounts.staff.admin import audit, official, staff

__all__ = ["audit", "official", "staff"]
