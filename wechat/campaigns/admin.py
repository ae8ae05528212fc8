"""The app's pages; each of its parts registers its own."""

from wechat.campaigns.mass import admin as mass_admin
from wechat.campaigns.sequences import admin as sequence_admin

__all__ = ["mass_admin", "sequence_admin"]
