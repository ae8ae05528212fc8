"""The modules with background work on notifications: see ``wechat.kernel.work``."""

from payments.notifications import handling

__all__ = ["handling"]
