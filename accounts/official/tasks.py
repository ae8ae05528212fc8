"""The modules with background work of this app: see ``wechat.kernel.work``."""

from accounts.official import callback_addresses, quotas

__all__ = ["callback_addresses", "quotas"]
