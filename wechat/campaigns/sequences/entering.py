"""The entering of a sequence by one statement, for one person and for a hundred thousand.

Nobody enters twice for one occasion, whoever tells of it again: the ``occasion`` of an enrolment is unique
for a sequence and a follower. It is the constant ``once`` where once is enough, what happened where each time
counts, and the enrolment before it where some days must have passed: two that follow the same one collide.
"""

import datetime
from collections.abc import Sequence as Rows
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.followers import tagging
from accounts.followers.models import Follower, Tag
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep
from wechat.campaigns.sequences import timing
from wechat.kernel import work
from wechat.kernel.subqueries import select_sql

Reentry = Sequence.Reentry

ENTER = """
WITH chosen (id, openid) AS MATERIALIZED ({chosen}), entered AS (
    INSERT INTO campaigns_enrolment
        (sequence_id, account_id, openid, occasion, began_with, state, reason, since, began_at, step_id,
         due_at, attempts, error)
    SELECT %(sequence)s, %(account)s, chosen.openid,
        CASE %(reentry)s
            WHEN 'once' THEN 'once' WHEN 'days' THEN 'after:' || coalesce(last.id, 0) ELSE %(key)s END,
        %(key)s, 'running', '', %(at)s, %(at)s, %(step)s, %(due_at)s, 0, ''
    FROM chosen
    LEFT JOIN LATERAL (
        SELECT id, began_at FROM campaigns_enrolment
        WHERE sequence_id = %(sequence)s AND openid = chosen.openid ORDER BY id DESC LIMIT 1
    ) last ON true
    WHERE last.id IS NULL OR %(reentry)s = 'always' OR (%(reentry)s = 'days' AND last.began_at <= %(before)s)
    ORDER BY chosen.openid
    ON CONFLICT (sequence_id, openid, occasion) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM entered), (SELECT max(id) FROM chosen)
"""


def one(sequence: Sequence, openid: str, key: str, at: datetime.datetime) -> bool:
    """Enters somebody for what happened then; returns ``False`` if they did before, or may not again yet."""
    entered, _last = _enter(sequence, "SELECT 0, %(openid)s::text", {"openid": openid}, key, at)
    return bool(entered)


def several(
    sequence: Sequence,
    followers: QuerySet[Follower],
    key: str,
    at: datetime.datetime,
    *,
    after: int = 0,
    most: int | None = None,
) -> tuple[int, int | None]:
    """Enters those of the followers who follow; returns how many, and the last of all that were looked at.

    Of ``most`` followers, in the order of their numbers ``after`` that one; without any the last is ``None``.
    """
    rows = followers.filter(account=sequence.account_id, subscribed=True, blacklisted=False, pk__gt=after)
    sql, given = select_sql(rows.order_by("pk").values_list("pk", "openid")[:most])
    named = {f"chosen{number}": value for number, value in enumerate(given)}
    # A sign of per cent that stands for itself stays doubled.
    chosen = sql.replace("%%", "%%%%") % tuple(f"%({name})s" for name in named)
    return _enter(sequence, chosen, named, key, at)


def not_yet_entered(
    sequence: Sequence, followers: QuerySet[Follower], at: datetime.datetime
) -> QuerySet[Follower]:
    """Returns those of the followers who may enter now.

    A turn that leaves out the others begins where the one before it ended.
    """
    before = Enrolment.objects.filter(sequence=sequence, openid=OuterRef("openid"))
    if sequence.reentry == Reentry.DAYS:
        before = before.filter(began_at__gt=_before(sequence, at))
    return followers.filter(~Exists(before))


@tagging.listens
def tagged(tag: Tag, follower_ids: Rows[int], added: bool) -> None:
    """Enters those who were given a tag; whoever had it before does not enter."""
    if not added:
        return
    now = timezone.now()
    for sequence in Sequence.objects.filter(enabled=True, trigger="tag", tag=tag):
        chosen = Follower.objects.filter(pk__in=follower_ids)
        several(sequence, chosen, f"tag:{tag.pk}:{now.isoformat()}", now)


def _enter(
    sequence: Sequence, chosen: str, given: dict[str, Any], key: str, at: datetime.datetime
) -> tuple[int, int | None]:
    step, due_at = _first_step(sequence, at)
    parameters: dict[str, Any] = {
        "sequence": sequence.pk,
        "account": sequence.account_id,
        "reentry": sequence.reentry,
        "key": key,
        "at": at,
        "step": step.pk if step else None,
        "due_at": due_at,
        "before": _before(sequence, at),
    }
    with connection.cursor() as cursor:
        cursor.execute(ENTER.format(chosen=chosen), {**parameters, **given})
        entered, last = cursor.fetchone()
    if entered:
        work.wake("campaigns.run_sequences")
    return entered, last


def _first_step(sequence: Sequence, at: datetime.datetime) -> tuple[SequenceStep | None, datetime.datetime]:
    """Returns the step that all who enter wait for first, and until when.

    Nobody has to look at each of them before.
    """
    step = sequence.steps.order_by("position").first()
    now = timezone.now()
    if step is None:
        return None, now
    return step, timing.allowed(sequence, step, max(timing.due(step, at), now))


def _before(sequence: Sequence, at: datetime.datetime) -> datetime.datetime:
    """Returns the time before which somebody must have entered last to be allowed to enter again."""
    return at - datetime.timedelta(days=sequence.reentry_days or 0)
