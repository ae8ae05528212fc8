"""The doorbells of the work on followers: see ``wechat.kernel.due``."""

from django.utils import timezone

from accounts import auto_tagging, avatars, jobs, sending_changes, sending_tags, sync_requests, syncing
from accounts.models import AutoTag, BulkJob, FollowerSync, Tag
from wechat.kernel import due

due.doorbell(syncing.sync_due, lambda: FollowerSync.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(sync_requests.ask_nightly, lambda: sync_requests.lacking_tonight().exists())
due.doorbell(
    sending_changes.send_due,
    lambda: sending_changes.sendable().filter(due_at__lte=timezone.now()).exists(),
)
due.doorbell(sending_tags.send_tags, lambda: Tag.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(jobs.run_due, lambda: BulkJob.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(
    auto_tagging.run_due,
    lambda: AutoTag.objects.filter(due_at__lte=timezone.now(), enabled=True).exists(),
)
due.doorbell(avatars.fetch_avatars, avatars.is_due)
