"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.articles import reading, sending

__all__ = ["reading", "sending"]
