"""The modules with background work of this app: see ``wechat.kernel.work``."""

from wechat.channels import making

__all__ = ["making"]
