"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.materials import library, material_quota, reading

__all__ = ["library", "material_quota", "reading"]
