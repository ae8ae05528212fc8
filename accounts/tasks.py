"""The doorbells of the work on followers: see ``wechat.kernel.due``."""

from celery import shared_task
from django.utils import timezone

from accounts import sending_changes, sending_tags, sync_requests, syncing
from accounts.models import FollowerSync, Tag
from wechat.kernel import due


@shared_task(name="accounts.sync_followers")
def sync_followers() -> int:
    """Go on with the runs that are due; how many."""
    return syncing.sync_due()


@shared_task(name="accounts.ask_nightly")
def ask_nightly() -> int:
    """Ask for tonight's run of every account; of how many."""
    return sync_requests.ask_nightly()


@shared_task(name="accounts.send_changes")
def send_changes() -> int:
    """Tell the platform what staff and rules changed about followers; how many changes."""
    return sending_changes.send_due()


@shared_task(name="accounts.send_tags")
def send_tags() -> int:
    """Create, rename and delete tags on the platform; how many."""
    return sending_tags.send_tags()


due.doorbell(sync_followers, lambda: FollowerSync.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(ask_nightly, lambda: sync_requests.lacking_tonight().exists())
due.doorbell(send_changes, lambda: sending_changes.sendable().filter(due_at__lte=timezone.now()).exists())
due.doorbell(send_tags, lambda: Tag.objects.filter(due_at__lte=timezone.now()).exists())
