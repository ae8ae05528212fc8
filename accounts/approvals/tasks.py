"""The modules with background work of approvals, and with their own action, the loosening of limits."""

from accounts.approvals import asking, limit_changes

__all__ = ["asking", "limit_changes"]
