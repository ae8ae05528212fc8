"""The modules with background work of this app: see ``wechat.kernel.work``."""

from accounts.official import quotas

__all__ = ["quotas"]
