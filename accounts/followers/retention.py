"""The deletion of old files of jobs: exports and uploaded tables."""

import datetime
from collections.abc import Callable, Sequence

from django.utils.translation import gettext_lazy as _

from accounts.followers.models import BulkJob
from wechat.kernel import retention


def _oldest(field: str) -> Callable[[datetime.datetime, int], Sequence[BulkJob]]:
    def oldest(before: datetime.datetime, limit: int) -> Sequence[BulkJob]:
        ended = BulkJob.objects.filter(due_at=None, created_at__lt=before).exclude(**{field: ""})
        return list(ended.order_by("pk")[:limit])

    return oldest


def _delete(field: str) -> Callable[[Sequence[BulkJob]], None]:
    def delete(jobs: Sequence[BulkJob]) -> None:
        """The rows stay: they tell who asked for what."""
        for job in jobs:
            file = getattr(job, field)
            BulkJob.objects.filter(pk=job.pk).update(**{field: ""})
            file.delete(save=False)

    return delete


retention.register("exports", _("Files that were exported"), _oldest("result"), _delete("result"))
retention.register("uploads", _("Tables that were uploaded"), _oldest("source"), _delete("source"))
