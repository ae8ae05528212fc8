"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.statistics import reading

__all__ = ["reading"]
