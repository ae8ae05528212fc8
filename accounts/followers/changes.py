"""The functions with which other apps queue changes of followers' remarks and of the blacklist.

The caller changes the row here; a worker sends the change to the platform
(``accounts.followers.sending_changes``). For tags see ``accounts.followers.tagging``.
"""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from accounts.followers.models import BulkJob, Change, Follower, Tag
from wechat.kernel import work

Kind = Change.Kind


def queue(kind: Kind, followers: Iterable[Follower], desired: str, job: BulkJob | None = None) -> None:
    """Queues the same desired value for all these followers. See ``queue_each``."""
    queue_each(kind, [(follower, desired) for follower in followers], job)


def queue_each(kind: Kind, desired_values: Iterable[tuple[Follower, str]], job: BulkJob | None) -> None:
    """Queues a desired value for each follower, replacing an unsent change of the same kind.

    Followers who have unfollowed are skipped: the platform would refuse the change.
    """
    _save(
        Change(account_id=each.account_id, follower=each, kind=kind, desired=desired, job=job)
        for each, desired in desired_values
        if each.subscribed
    )


def queue_untagging(follower: Follower, tags: Iterable[Tag]) -> None:
    """Queues the removal of these tags at the platform, for a follower who has lost them here."""
    if follower.subscribed:
        _save(
            Change(account_id=follower.account_id, follower=follower, kind=Kind.TAG, tag=tag, desired="no")
            for tag in tags
        )


def _save(changes: Iterable[Change]) -> None:
    """Saves changes in place of unsent ones, also of those that another request queues at this moment."""
    Change.objects.bulk_create(
        changes,
        batch_size=5_000,
        update_conflicts=True,
        unique_fields=["follower", "kind", "tag"],
        update_fields=["desired", "due_at", "attempts", "error", "errcode", "job"],
    )
    work.wake("followers.send_changes")


def try_again(changes: QuerySet[Change]) -> int:
    """Makes failed changes due again; returns their number."""
    count = changes.filter(due_at__isnull=True).update(
        due_at=timezone.now(), attempts=0, error="", errcode=None
    )
    work.wake("followers.send_changes")
    return count
