"""What staff may do with which account, what they have seen or kept, and how often sign-in failed."""

from accounts.staff.models.acknowledgements import Acknowledgement
from accounts.staff.models.filters import SavedFilter
from accounts.staff.models.rights import StaffRight
from accounts.staff.models.sign_in import SignInLimit

__all__ = ["Acknowledgement", "SavedFilter", "SignInLimit", "StaffRight"]
