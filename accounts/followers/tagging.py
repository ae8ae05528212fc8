"""Adding tags to followers and removing them, here at once and on the platform soon.

``add`` and ``remove`` take any set of followers of the tag's account, change it in one statement, and write
a ``Change`` for each follower whose change is still to be sent; a worker sends them, fifty followers a call.
Calling again changes nothing. Rules, menus, channels and payments call this from ``@reacts``.

Reference: WeChat reference 6.5: 20 tags a follower, 100 an account.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.followers.models import BulkJob, Follower, Tag
from wechat.kernel import work
from wechat.kernel.registry import Registry
from wechat.kernel.subqueries import select_sql
from wechat.sdk.calls.tags import MOST_OF_A_FOLLOWER, MOST_TAGS

Tagging = Follower.tags.through

# No change is written for people who do not follow: the platform tags followers only.
ADD = """
WITH chosen (id) AS ({chosen}), room AS (
    SELECT chosen.id FROM chosen
    WHERE (SELECT count(*) FROM followers_follower_tags WHERE follower_id = chosen.id) < %s
), added AS (
    INSERT INTO followers_follower_tags (follower_id, tag_id) SELECT id, %s FROM room ORDER BY id
    ON CONFLICT DO NOTHING RETURNING follower_id
), changes AS ({changes})
SELECT coalesce(array_agg(follower_id), '{{}}') FROM added
"""
REMOVE = """
WITH chosen (id) AS ({chosen}), added AS (
    DELETE FROM followers_follower_tags USING chosen
    WHERE follower_id = chosen.id AND tag_id = %s RETURNING follower_id
), changes AS ({changes})
SELECT coalesce(array_agg(follower_id), '{{}}') FROM added
"""
CHANGES = """
INSERT INTO followers_change (account_id, follower_id, kind, tag_id, desired, due_at, job_id, attempts, error)
SELECT account_id, id, 'tag', %s, %s, now(), %s, 0, ''
FROM followers_follower JOIN added ON id = added.follower_id WHERE subscribed ORDER BY id
ON CONFLICT (follower_id, kind, tag_id) DO UPDATE SET
    desired = excluded.desired, due_at = excluded.due_at, job_id = excluded.job_id,
    attempts = 0, error = '', errcode = NULL
"""


# Called with the tag, the ids of the followers who got or lost it, and whether they got it.
Listener = Callable[[Tag, Sequence[int], bool], None]
_listeners: Registry[Listener] = Registry("listener to tags")


def listens(listener: Listener) -> Listener:
    """Registers a function to be called in the transaction that changes who has a tag.

    It is called for changes made here, and for those that a synchronisation finds.
    """
    return _listeners.register(listener)


def notify(tag: Tag, follower_ids: Sequence[int], *, added: bool) -> None:
    """Calls every listener with the followers who got the tag, or lost it."""
    for listener in _listeners:
        listener(tag, follower_ids, added)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The numbers of followers who would get a tag, who have it already, and who have 20 tags already."""

    gets: int
    has: int
    full: int


def add(tag: Tag, followers: QuerySet[Follower] | Iterable[int], *, job: BulkJob | None = None) -> int:
    """Tags followers; returns how many did not have the tag before. Followers with 20 tags are left out.

    ``followers`` is a queryset (in any order) or ids of rows; those of another account than the tag's are
    left out. Safe inside a transaction: the worker sends the changes once it is committed.
    """
    chosen, params = _chosen(tag, followers)
    with connection.cursor() as cursor:
        cursor.execute(
            ADD.format(chosen=chosen, changes=CHANGES),
            [*params, MOST_OF_A_FOLLOWER, tag.pk, tag.pk, "yes", job.pk if job else None],
        )
        return _changed(tag, cursor.fetchone()[0], added=True)


def remove(tag: Tag, followers: QuerySet[Follower] | Iterable[int], *, job: BulkJob | None = None) -> int:
    """Removes the tag from followers; returns how many had it."""
    chosen, params = _chosen(tag, followers)
    with connection.cursor() as cursor:
        cursor.execute(
            REMOVE.format(chosen=chosen, changes=CHANGES),
            [*params, tag.pk, tag.pk, "no", job.pk if job else None],
        )
        return _changed(tag, cursor.fetchone()[0], added=False)


def forecast(tag: Tag, followers: QuerySet[Follower]) -> Forecast:
    """Returns what ``add`` would do to these followers now, without doing it."""
    rows = followers.filter(account=tag.account_id).order_by()
    has = rows.filter(Exists(Tagging.objects.filter(follower=OuterRef("pk"), tag=tag)))
    everybody, having = rows.count(), has.count()
    rare = _tags_of_the_full(tag.account_id)
    candidates = rows.filter(pk__in=Tagging.objects.filter(tag__in=rare).values("follower"))
    no_room = candidates.filter(is_at_tag_limit()).difference(has).count() if rare else 0
    return Forecast(everybody - having - no_room, having, no_room)


def _tags_of_the_full(account_id: int) -> list[int]:
    """Returns tags of which everybody with as many tags as the platform allows has one.

    They are all but the most frequent ones, of which there is one too few for that, so that the tags of few
    followers have to be counted.
    """
    by_frequency = Tag.objects.filter(account=account_id).order_by("-count", "pk")
    return list(by_frequency.values_list("pk", flat=True)[MOST_OF_A_FOLLOWER - 1 :])


def is_at_tag_limit() -> Exists:
    """Returns the condition that a follower has as many tags as the platform allows.

    It counts the tags of each follower of the query: for a slice, no other follower's tags are counted.
    """
    of_each = Tagging.objects.filter(follower=OuterRef("pk")).values("follower")
    return Exists(of_each.alias(number=Count("pk")).filter(Q(number__gte=MOST_OF_A_FOLLOWER)))


def has_all_tags(account_id: int) -> bool:
    """Returns whether the account has as many tags as WeChat allows; WeChat's system tags do not count."""
    return Tag.objects.filter(account=account_id).exclude(platform_id__lte=2).count() >= MOST_TAGS


def ask_platform(tag: Tag) -> None:
    """Saves a tag that is new, renamed or was refused, and queues it for the platform."""
    tag.state, tag.attempts, tag.due_at = Tag.State.WAITING, 0, timezone.now()
    tag.error, tag.errcode = "", None
    tag.save()
    work.wake("followers.send_tags")


def delete(tag: Tag) -> None:
    """Queues the deletion of the tag on the platform; its row is deleted after that."""
    Tag.objects.filter(pk=tag.pk).update(
        state=Tag.State.DELETING, error="", errcode=None, attempts=0, due_at=timezone.now()
    )
    work.wake("followers.send_tags")


def _chosen(tag: Tag, followers: QuerySet[Follower] | Iterable[int]) -> tuple[str, list[Any]]:
    if not isinstance(followers, QuerySet):
        followers = Follower.objects.filter(pk__in=list(followers))
    return select_sql(followers.filter(account=tag.account_id).order_by().values("pk"))


def _changed(tag: Tag, follower_ids: Sequence[int], *, added: bool) -> int:
    if follower_ids:
        notify(tag, follower_ids, added=added)
        work.wake("followers.send_changes")
    return len(follower_ids)
