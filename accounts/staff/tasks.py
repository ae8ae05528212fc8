"""The modules with background work of this app: see ``wechat.kernel.work``."""

from accounts.staff import audit_chain

__all__ = ["audit_chain"]
