"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.pushes import library, receipts, sending

__all__ = ["library", "receipts", "sending"]
