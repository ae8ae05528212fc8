"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.inbox import counts, media, months, reacting, retention, spool

__all__ = ["counts", "media", "months", "reacting", "retention", "spool"]
