"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.inbox import media, reacting, spool

__all__ = ["media", "reacting", "spool"]
