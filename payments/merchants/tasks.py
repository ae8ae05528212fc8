"""The modules with background work on merchants: see ``wechat.kernel.work``."""

from payments.merchants import certificates

__all__ = ["certificates"]
