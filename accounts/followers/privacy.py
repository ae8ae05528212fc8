"""The erasure of other data about a follower: files they may be in, and history."""

from collections.abc import Iterator
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.followers import erasing
from accounts.followers.erasing import Holding, KnownElsewhere
from accounts.followers.models import BulkJob, Follower, JobFault


@erasing.holds
def files(follower: Follower) -> Holding | None:
    """Returns the files of the account's jobs, all of them to delete: nobody can be taken out of a file."""
    finished = BulkJob.objects.filter(account=follower.account_id, due_at=None)
    files = finished.exclude(result="", source="")
    if not (count := files.count()):
        return None
    what = ngettext(
        "%d file of followers that was exported or uploaded: it is deleted, export anew what you need",
        "%d files of followers that were exported or uploaded: they are deleted, export anew what you need",
        count,
    )
    return Holding(what % count, lambda: _delete_files(files))


@erasing.holds
def exports_under_way(follower: Follower) -> Holding | None:
    """Returns the exports that are being made: each begins again, without the person."""
    rows = BulkJob.objects.filter(account=follower.account_id, kind="export", due_at__isnull=False)
    if not rows.exists():
        return None
    return Holding(_("their line in the export that is being made: it begins again"), lambda: _restart(rows))


@erasing.holds
def faults(follower: Follower) -> Holding | None:
    rows = JobFault.objects.filter(job__account=follower.account_id, openid=follower.openid)
    if not (count := rows.count()):
        return None
    what = ngettext("%d note of a job about them", "%d notes of jobs about them", count)
    return Holding(what % count, rows.delete)


@erasing.finds_elsewhere
def followers_elsewhere(follower: Follower) -> Iterator[KnownElsewhere]:
    rows = Follower.objects.filter(unionid=follower.unionid).exclude(account=follower.account_id)
    for other in rows.select_related("account").order_by("account__name"):
        address = reverse("admin:followers_follower_change", args=[other.pk])
        yield KnownElsewhere(other.account, gettext_lazy("follower"), address)


def _delete_files(jobs: QuerySet[BulkJob]) -> None:
    for job in jobs.select_for_update():
        for file in filter(None, (job.result, job.source)):
            transaction.on_commit(partial(file.storage.delete, str(file.name)))
        BulkJob.objects.filter(pk=job.pk).update(result="", source="")


def _restart(jobs: QuerySet[BulkJob]) -> None:
    """Has exports begin again; the lock lets a slice that is being written end first."""
    for job in jobs.select_for_update():
        job.details.pop("bytes", None)
        job.cursor = job.processed = 0
        job.save(update_fields=["details", "cursor", "processed"])
