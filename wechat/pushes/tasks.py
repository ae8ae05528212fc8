"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.pushes import counting, library, receipts, sending, staff_notices

__all__ = ["counting", "library", "receipts", "sending", "staff_notices"]
