"""What staff may do with which account, what they have seen, and how often somebody failed to sign in."""

from accounts.staff.models.acknowledgements import Acknowledgement
from accounts.staff.models.rights import StaffRight
from accounts.staff.models.sign_in import SignInLimit

__all__ = ["Acknowledgement", "SignInLimit", "StaffRight"]
