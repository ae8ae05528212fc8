"""The modules with background work of this app: see ``wechat.kernel.work``."""

from menus import links, publishing, watching

__all__ = ["links", "publishing", "watching"]
