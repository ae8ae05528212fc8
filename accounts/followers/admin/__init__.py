"""The admin's pages of followers, tags and segments; each module registers its own."""

from accounts.followers.admin import followers, grouping, tags

__all__ = ["followers", "grouping", "tags"]
