"""The entry into sequences, by one statement for a single follower as for a hundred thousand.

Nobody enters twice for one occasion, even if it is reported again: the ``occasion`` of an enrolment is unique
for a sequence and a follower. It is the constant ``once`` where once is enough, the key of the event where
each time counts, and the id of the previous enrolment where some days must have passed: two entries after the
same enrolment collide.
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
    """Enrols a follower for an event at that time; returns ``False`` if they may not enter again (yet)."""
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
    """Enrols those of the followers who follow; returns their number and the id of the last one examined.

    Examines at most ``most`` followers by id, those above ``after``; without any, the last id is ``None``.
    """
    rows = followers.filter(account=sequence.account_id, subscribed=True, blacklisted=False, pk__gt=after)
    sql, given = select_sql(rows.order_by("pk").values_list("pk", "openid")[:most])
    named = {f"chosen{number}": value for number, value in enumerate(given)}
    # A literal percent sign stays doubled.
    chosen = sql.replace("%%", "%%%%") % tuple(f"%({name})s" for name in named)
    return _enter(sequence, chosen, named, key, at)


def not_yet_entered(
    sequence: Sequence, followers: QuerySet[Follower], at: datetime.datetime
) -> QuerySet[Follower]:
    """Returns those of the followers who may enter now.

    Without the others, a turn continues where the one before it ended.
    """
    before = Enrolment.objects.filter(sequence=sequence, openid=OuterRef("openid"))
    if sequence.reentry == Reentry.DAYS:
        before = before.filter(began_at__gt=_before(sequence, at))
    return followers.filter(~Exists(before))


@tagging.listens
def tagged(tag: Tag, follower_ids: Rows[int], added: bool) -> None:
    """Enrols the followers who were given a tag; those who had it before do not enter."""
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
    """Returns the first step of everybody who enters, and when it is due.

    The enrolments need not be processed before that.
    """
    step = sequence.steps.order_by("position").first()
    now = timezone.now()
    if step is None:
        return None, now
    return step, max(timing.allowed(sequence, step, timing.due(step, at)), now)


def _before(sequence: Sequence, at: datetime.datetime) -> datetime.datetime:
    """Returns the latest time of a previous entry that allows a follower to enter again."""
    return at - datetime.timedelta(days=sequence.reentry_days or 0)
