"""How the other parts of the project ask for a change to followers: remarks and the blacklist.

The row here is changed by the caller; the platform is told by a worker
(``accounts.followers.sending_changes``). For tags see ``accounts.followers.tagging``.
"""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from accounts.followers.models import BulkJob, Change, Follower
from wechat.kernel import work

Kind = Change.Kind


def wish(kind: Kind, followers: Iterable[Follower], wish: str, job: BulkJob | None = None) -> None:
    """Ask for the same for all of them. See ``wish_each``."""
    wish_each(kind, [(follower, wish) for follower in followers], job)


def wish_each(kind: Kind, wishes: Iterable[tuple[Follower, str]], job: BulkJob | None = None) -> None:
    """Ask for it; a wish about the same that was not sent yet is replaced by this one.

    Nothing is asked for those who do not follow: the platform would refuse it.
    """
    Change.objects.bulk_create(
        [
            Change(account_id=each.account_id, follower=each, kind=kind, wish=wish, job=job)
            for each, wish in wishes
            if each.subscribed
        ],
        batch_size=5_000,
        update_conflicts=True,
        unique_fields=["follower", "kind", "tag"],
        update_fields=["wish", "due_at", "attempts", "error", "errcode", "job"],
    )
    work.wake("followers.send_changes")


def try_again(changes: QuerySet[Change]) -> int:
    """Send again what failed."""
    count = changes.filter(due_at__isnull=True).update(
        due_at=timezone.now(), attempts=0, error="", errcode=None
    )
    work.wake("followers.send_changes")
    return count
