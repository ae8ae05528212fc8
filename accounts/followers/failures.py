"""The failure sources of work on followers: readings, tags, changes and jobs."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import changes, jobs, sync_requests, tagging
from accounts.followers.models import BulkJob, Change, FollowerSync, Tag
from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff import personal_data
from accounts.staff.rights import Area
from wechat.kernel.work import GIVEN_UP


def _stopped(account: OfficialAccount) -> QuerySet[FollowerSync]:
    """Returns the newest run if it stopped: a later successful run ends the failure."""
    newest = FollowerSync.objects.filter(account=account).order_by("-pk").values("pk")[:1]
    return FollowerSync.objects.filter(pk__in=newest, step=FollowerSync.Step.STOPPED)


def _sync_again(rows: QuerySet[FollowerSync]) -> int:
    runs = list(rows.select_related("account"))
    for run in runs:
        sync_requests.ask(run.account, FollowerSync.Kind(run.kind))
    return len(runs)


def _sync_page(run: FollowerSync) -> str:
    return reverse("admin:followers_sync")


def _changes(account: OfficialAccount) -> QuerySet[Change]:
    return Change.objects.filter(account=account, due_at=None).select_related("follower", "tag")


def _follower_page(change: Change) -> str:
    return reverse("admin:followers_follower_change", args=[change.follower_id])


def _title(change: Change) -> str:
    return f"{change.get_kind_display()} · {change.tag or _desired(change)} · {change.follower}"


def _desired(change: Change) -> str:
    """Returns the value of a change of a remark or the blacklist, masked for a reader who may not see it."""
    if change.kind == Change.Kind.REMARK:
        return personal_data.for_reader(change.desired, change.account_id)
    return _("yes") if change.desired == "yes" else _("no")


def _tags(account: OfficialAccount) -> QuerySet[Tag]:
    return Tag.objects.filter(GIVEN_UP, account=account)


def _ask_again(rows: QuerySet[Tag]) -> int:
    tags = list(rows)
    for tag in tags:
        tagging.ask_platform(tag)
    return len(tags)


def _tag_page(tag: Tag) -> str:
    return reverse("admin:followers_tag_change", args=[tag.pk])


def _jobs(account: OfficialAccount) -> QuerySet[BulkJob]:
    return BulkJob.objects.filter(account=account, state=BulkJob.State.FAILED)


def _job_page(job: BulkJob) -> str:
    return reverse("admin:followers_job", args=[job.pk])


SOURCES.add(
    "syncs",
    FailureSource(
        gettext_lazy("Reading followers from WeChat"), Area.FOLLOWERS, _stopped, _sync_again, _sync_page
    ),
)
SOURCES.add(
    "changes",
    FailureSource(
        gettext_lazy("Bringing tags and remarks to WeChat"), Area.FOLLOWERS, _changes, changes.try_again,
        _follower_page, _title,
    ),
)  # fmt: skip
SOURCES.add(
    "tags",
    FailureSource(gettext_lazy("Making tags on WeChat"), Area.FOLLOWERS, _tags, _ask_again, _tag_page),
)
SOURCES.add(
    "jobs",
    FailureSource(
        gettext_lazy("Bulk changes, imports and exports of followers"), Area.FOLLOWERS, _jobs,
        jobs.try_again, _job_page,
    ),
)  # fmt: skip
