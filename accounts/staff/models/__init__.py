"""The models of staff: rights, audit log, acknowledgements, saved filters and sign-in."""

from accounts.staff.models.acknowledgements import Acknowledgement
from accounts.staff.models.audit import AuditChain, AuditEntry
from accounts.staff.models.filters import SavedFilter
from accounts.staff.models.rights import StaffRight, Withheld
from accounts.staff.models.sign_in import (
    RecoveryCode,
    SecondFactor,
    SecondFactorRule,
    SignInLimit,
    StaffSession,
)

__all__ = [
    "Acknowledgement",
    "AuditChain",
    "AuditEntry",
    "RecoveryCode",
    "SavedFilter",
    "SecondFactor",
    "SecondFactorRule",
    "SignInLimit",
    "StaffRight",
    "StaffSession",
    "Withheld",
]
