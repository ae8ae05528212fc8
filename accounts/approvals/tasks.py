"""The background work of approvals, what nobody decided about, and the one thing of their own to approve."""

from accounts.approvals import asking, loosening

__all__ = ["asking", "loosening"]
