"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.login import expiry

__all__ = ["expiry"]
