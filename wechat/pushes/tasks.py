"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.pushes import counting, library, pictures, receipts, sending, staff_notices

__all__ = ["counting", "library", "pictures", "receipts", "sending", "staff_notices"]
