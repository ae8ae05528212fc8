"""The modules with background work of the staff app."""

from accounts.staff import audit_chain

__all__ = ["audit_chain"]
