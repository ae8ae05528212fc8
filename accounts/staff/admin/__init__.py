"""The admin's pages about official accounts and staff; each module registers its own."""

from accounts.staff.admin import official, staff

__all__ = ["official", "staff"]
