"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.api import forgetting

__all__ = ["forgetting"]
