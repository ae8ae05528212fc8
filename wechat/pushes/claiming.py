"""Which pushes are next, and taking them: one lane of an account at a time, in the order they became due.

A lane is one kind of message of one account; those that somebody waits for go before those of campaigns.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from wechat.pushes import rates, reports
from wechat.pushes.models import Push
from wechat.pushes.senders import SENDERS, Sender

State, Reason = Push.State, Push.Reason

# Longer than the slowest call with a token fetched on the way and every time-out used up.
LEASE = datetime.timedelta(minutes=2)

LANES = """
SELECT account.id, way.kind, way.bulk, lane.per_second
FROM accounts_officialaccount account
CROSS JOIN (SELECT unnest(%(kinds)s::text[]) AS kind) kinds
CROSS JOIN LATERAL (VALUES (kinds.kind, false), (kinds.kind, true)) AS way(kind, bulk)
LEFT JOIN pushes_lane lane ON lane.account_id = account.id AND lane.kind = way.kind
CROSS JOIN LATERAL (
    -- The order has each lane looked up at its head in the index: where one campaign is nearly all there
    -- is, the planner thinks that any row will do, and reads them all to find none for the empty lanes.
    SELECT 1 FROM pushes_push push
    WHERE push.account_id = account.id AND push.kind = way.kind AND push.bulk = way.bulk
      AND push.state = 'pending' AND push.due_at <= %(now)s
    ORDER BY push.due_at, push.id LIMIT 1
) waiting
WHERE account.enabled AND (lane.paused_until IS NULL OR lane.paused_until <= %(now)s)
ORDER BY way.bulk, random()
"""
CLAIM = """
UPDATE pushes_push push
SET state = 'sending', due_at = %(lease)s, attempts = attempts + 1, tried_at = COALESCE(tried_at, %(now)s)
WHERE id = ANY (ARRAY(
    SELECT id FROM pushes_push mine
    WHERE account_id = %(account)s AND kind = %(kind)s AND bulk = %(bulk)s
      AND state = 'pending' AND due_at <= %(now)s {first_in_line}
    ORDER BY due_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
))
RETURNING push.*
"""
# Followers get their messages in the order they were asked for, also when one has to wait.
FIRST_IN_LINE = """AND NOT EXISTS (
        SELECT 1 FROM pushes_push earlier
        WHERE earlier.account_id = mine.account_id AND earlier.openid = mine.openid
          AND earlier.due_at IS NOT NULL AND earlier.kind = 'service' AND earlier.id < mine.id
    )"""
IN_ORDER = CLAIM.format(first_in_line=FIRST_IN_LINE)
IN_ANY_ORDER = CLAIM.format(first_in_line="")


@dataclass(frozen=True, slots=True)
class Lane:
    """One that has something due."""

    account_id: int
    kind: str
    bulk: bool
    per_second: int

    @property
    def sender(self) -> Sender:
        return SENDERS[self.kind]


def due_lanes() -> list[Lane]:
    """The lanes with pushes that may go now, those that somebody waits for first."""
    with connection.cursor() as cursor:
        cursor.execute(LANES, {"kinds": list(SENDERS), "now": timezone.now()})
        return [
            Lane(account_id, kind, bulk, per_second or rates.PER_SECOND[kind])
            for account_id, kind, bulk, per_second in cursor.fetchall()
        ]


def claim(lane: Lane, limit: int) -> Sequence[Push]:
    """Take due pushes of a lane, which are then *sending*: the attempt is on record before the call."""
    now = timezone.now()
    sql = IN_ORDER if lane.sender.in_order else IN_ANY_ORDER
    parameters = {
        "account": lane.account_id,
        "kind": lane.kind,
        "bulk": lane.bulk,
        "now": now,
        "lease": now + LEASE,
        "limit": limit,
    }
    return sorted(Push.objects.raw(sql, parameters), key=lambda push: push.pk)


def release_interrupted() -> None:
    """A push whose sender never told how it went may or may not have reached the follower.

    Where the platform drops repeats it is simply sent again; anything else only a person may send again.
    """
    now = timezone.now()
    interrupted = Push.objects.filter(state=State.SENDING, due_at__lte=now)
    again = Q(pk__in=[])
    for sender in SENDERS.values():
        if sender.repeatable_for:
            again |= Q(kind=sender.kind, tried_at__gt=now - sender.repeatable_for)
    interrupted.filter(again).update(state=State.PENDING)
    with transaction.atomic():
        asked_for = list(
            interrupted.filter(caller__isnull=False).select_for_update().values_list("pk", flat=True)
        )
        interrupted.update(state=State.UNCERTAIN, reason=Reason.INTERRUPTED, due_at=None)
        reports.note(asked_for)


def is_due() -> bool:
    leased = Push.objects.filter(state=State.SENDING, due_at__lte=timezone.now())
    return leased.exists() or bool(due_lanes())
