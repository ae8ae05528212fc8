"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.api import expiry

__all__ = ["expiry"]
