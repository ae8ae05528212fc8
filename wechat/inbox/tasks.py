"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.inbox import media, reacting, retention, spool

__all__ = ["media", "reacting", "retention", "spool"]
