"""The things about followers that wait for a person: failed changes and stopped synchronisations."""

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.followers.models import BulkJob, FollowerSync, Tag
from accounts.staff.rights import Area
from accounts.staff.todo import KINDS, Severity, TodoKind, held

FOLLOWERS = (Area.FOLLOWERS,)
PAGE = "admin:followers_follower_changelist"
TAGS = "admin:followers_tag_changelist"
_NEWER = FollowerSync.objects.filter(account=OuterRef("account"), pk__gt=OuterRef("pk"))

KINDS.add(
    "followers.sync_stopped",
    TodoKind(
        # It is gone with the next run.
        title=_("Reading the followers from WeChat stopped"),
        page=PAGE,
        link=lambda account_id: reverse("admin:followers_sync"),
        areas=FOLLOWERS,
        severity=Severity.FAULT,
        rows=lambda account, user: FollowerSync.objects.filter(
            ~Exists(_NEWER), account=account, step=FollowerSync.Step.STOPPED
        ),
    ),
)
KINDS.add(
    "followers.job_failed",
    TodoKind(
        title=_("Bulk jobs that failed"),
        page=PAGE,
        link=lambda account_id: reverse("admin:followers_jobs"),
        areas=FOLLOWERS,
        severity=Severity.FAULT,
        rows=lambda account, user: BulkJob.objects.filter(account=account, state=BulkJob.State.FAILED),
        acknowledged=True,
    ),
)
KINDS.add(
    "followers.tag_failed",
    TodoKind(
        title=_("Tags that WeChat did not take"),
        page=TAGS,
        areas=FOLLOWERS,
        severity=Severity.FAULT,
        rows=lambda account, user: Tag.objects.filter(account=account, state=Tag.State.FAILED),
    ),
)
KINDS.add(
    "held.followers",
    TodoKind(
        title=_("Reading followers from WeChat and telling it of changes is on hold"),
        page=PAGE,
        link=lambda account_id: reverse("admin:followers_sync"),
        areas=FOLLOWERS,
        severity=Severity.FAULT,
        rows=held("followers.sync_followers", "followers.send_tags", "followers.send_changes"),
    ),
)
