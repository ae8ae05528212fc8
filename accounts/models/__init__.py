"""Who: official accounts, their followers and tags, and which staff may do what with which account."""

from accounts.models.avatars import Avatar
from accounts.models.followers import Follower, Tag
from accounts.models.grouping import AutoTag, CustomField, FieldValue, Segment
from accounts.models.official import (
    AES_KEY_FORM,
    KEY_OVERLAP,
    SECRETS,
    TOKEN_FORM,
    OfficialAccount,
    StoredToken,
)
from accounts.models.sign_in import SignInLimit
from accounts.models.staff import StaffRight
from accounts.models.work import BulkJob, Change, FollowerSync, JobFault, ListedOpenid

__all__ = [
    "AES_KEY_FORM",
    "KEY_OVERLAP",
    "SECRETS",
    "TOKEN_FORM",
    "AutoTag",
    "Avatar",
    "BulkJob",
    "Change",
    "CustomField",
    "FieldValue",
    "Follower",
    "FollowerSync",
    "JobFault",
    "ListedOpenid",
    "OfficialAccount",
    "Segment",
    "SignInLimit",
    "StaffRight",
    "StoredToken",
    "Tag",
]
