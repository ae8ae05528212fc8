"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.articles import autosaving, reading, sending

__all__ = ["autosaving", "reading", "sending"]
