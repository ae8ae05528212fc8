"""The admin's pages about accounts, followers and staff; each module registers its own."""

from accounts.admin import followers, grouping, official, staff, tags

__all__ = ["followers", "grouping", "official", "staff", "tags"]
