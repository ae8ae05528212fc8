"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.materials import library, shelves

__all__ = ["library", "shelves"]
