"""The models of followers, their grouping, and the work on many of them."""

from accounts.followers.models.avatars import Avatar
from accounts.followers.models.erasures import Erasure
from accounts.followers.models.followers import Follower, Tag
from accounts.followers.models.grouping import AutoTag, CustomField, FieldValue, Segment
from accounts.followers.models.people import GivenName, OwnWeChat
from accounts.followers.models.work import BulkJob, Change, FollowerSync, JobFault, ListedOpenid

__all__ = [
    "AutoTag",
    "Avatar",
    "BulkJob",
    "Change",
    "CustomField",
    "Erasure",
    "FieldValue",
    "Follower",
    "FollowerSync",
    "GivenName",
    "JobFault",
    "ListedOpenid",
    "OwnWeChat",
    "Segment",
    "Tag",
]
