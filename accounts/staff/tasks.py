"""The background work of staff's own room."""

from accounts.staff import audit_chain

__all__ = ["audit_chain"]
