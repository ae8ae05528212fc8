"""Which staff may do what with which account, and how often somebody failed to sign in."""

from accounts.staff.models.rights import StaffRight
from accounts.staff.models.sign_in import SignInLimit

__all__ = ["SignInLimit", "StaffRight"]
