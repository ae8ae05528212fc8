"""Which staff may do what with which account, what they did, and how they sign in."""

from accounts.staff.models.audit import AuditChain, AuditEntry
from accounts.staff.models.rights import StaffRight, Withheld
from accounts.staff.models.sign_in import (
    RecoveryCode,
    SecondFactor,
    SecondFactorRule,
    SignInLimit,
    StaffSession,
)

__all__ = [
    "AuditChain",
    "AuditEntry",
    "RecoveryCode",
    "SecondFactor",
    "SecondFactorRule",
    "SignInLimit",
    "StaffRight",
    "StaffSession",
    "Withheld",
]
