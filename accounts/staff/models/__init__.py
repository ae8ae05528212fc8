"""Which staff may do what with which account, how often somebody failed to sign in, and kept filters."""

from accounts.staff.models.filters import SavedFilter
from accounts.staff.models.rights import StaffRight
from accounts.staff.models.sign_in import SignInLimit

__all__ = ["SavedFilter", "SignInLimit", "StaffRight"]
