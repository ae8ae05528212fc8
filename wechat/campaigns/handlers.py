"""Where the app joins in; each of its parts has its own handlers."""

from wechat.campaigns.mass import handlers as mass_handlers
from wechat.campaigns.sequences import handlers as sequence_handlers

__all__ = ["mass_handlers", "sequence_handlers"]
