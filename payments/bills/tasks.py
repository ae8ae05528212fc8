"""The modules with background work on bills: see ``wechat.kernel.work``."""

from payments.bills import reconciling

__all__ = ["reconciling"]
