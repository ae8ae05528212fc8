"""The claiming of due pushes, one send queue at a time, in the order of their due times.

A send queue is one kind of message of one account; those of campaigns have queues of their own.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.pushes import send_holds, send_rates, transitions
from wechat.pushes.models import Push
from wechat.pushes.senders import SENDERS, Sender

State = Push.State

# Longer than the slowest call with a token fetched on the way and every time-out used up.
LEASE = datetime.timedelta(minutes=2)

QUEUES = f"""
SELECT account.id, way.kind, rate.per_second, waiting.due_at, held.until IS NOT NULL
FROM unnest(%(accounts)s::bigint[]) account(id)
CROSS JOIN unnest(%(kinds)s::text[]) way(kind)
LEFT JOIN pushes_sendrate rate ON rate.account_id = account.id AND rate.kind = way.kind
LEFT JOIN LATERAL (
    SELECT max(until) AS until
    FROM unnest(%(held)s::bigint[], %(held_kinds)s::text[], %(until)s::timestamptz[])
        AS held(account_id, kind, until)
    WHERE held.account_id = account.id AND held.kind = way.kind
) held ON true
CROSS JOIN LATERAL (
    -- The order has each queue looked up at its head in the index: where one campaign is nearly all there
    -- is, the planner thinks that any row will do, and reads them all to find none for the empty queues.
    SELECT mine.due_at FROM pushes_push mine
    WHERE mine.account_id = account.id AND mine.kind = way.kind AND mine.bulk = %(bulk)s
      AND mine.state = 'pending' AND mine.due_at <= %(now)s
      AND (way.kind <> ALL(%(in_order)s::text[]) OR {transitions.FIRST_IN_LINE})
    ORDER BY mine.due_at, mine.id LIMIT 1
) waiting
WHERE held.until IS NULL OR held.until <= %(now)s
ORDER BY random()
"""  # noqa: S608 - a condition of this app


@dataclass(frozen=True, slots=True)
class SendQueue:
    """A queue of pushes with one that may go now, the first of them due since ``due_at``.

    ``is_held``: one message is to find out whether the others may go on.
    """

    account_id: int
    kind: str
    bulk: bool
    per_second: int
    due_at: datetime.datetime
    is_held: bool

    @property
    def sender(self) -> Sender:
        return SENDERS[self.kind]


def due_queues(*, bulk: bool) -> list[SendQueue]:
    """Returns the queues with pushes that may go now."""
    held = send_holds.held(bulk=bulk).filter(until__isnull=False)
    subjects = list(held.values_list("subject", "part", "until"))
    parameters: dict[str, Any] = {
        "accounts": list(OfficialAccount.objects.filter(enabled=True).values_list("pk", flat=True)),
        "kinds": list(SENDERS),
        "in_order": [sender.kind for sender in SENDERS.values() if sender.in_order],
        "held": [subject for subject, _kind, _until in subjects],
        "held_kinds": [kind for _subject, kind, _until in subjects],
        "until": [until for _subject, _kind, until in subjects],
        "bulk": bulk,
        "now": timezone.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(QUEUES, parameters)
        return [
            SendQueue(account_id, kind, bulk, per_second or send_rates.PER_SECOND[kind], due_at, is_held)
            for account_id, kind, per_second, due_at, is_held in cursor.fetchall()
        ]


def oldest_due(*, bulk: bool) -> datetime.datetime | None:
    """Returns since when the push is due that has waited the longest, of those that may go now.

    A queue whose rate is used up has its workers already: it waits for nothing that more of them could do.
    """
    waiting = [queue for queue in due_queues(bulk=bulk) if not _goes_at_its_rate(queue)]
    return min((queue.due_at for queue in waiting), default=None)


def _goes_at_its_rate(queue: SendQueue) -> bool:
    return send_rates.was_short(queue.account_id, queue.kind)


def claim(queue: SendQueue, limit: int) -> Sequence[Push]:
    """Takes due pushes of a queue, which are then *sending*: the attempt is on record before the call."""
    return transitions.claim(
        queue.account_id,
        queue.kind,
        bulk=queue.bulk,
        in_order=queue.sender.in_order,
        limit=limit,
        lease=LEASE,
    )


def lost_before(push: Push) -> datetime.datetime | None:
    """Returns when an earlier attempt of a claimed push began whose answer was lost, if there was one."""
    if push.tried_at is None or push.due_at is None:
        return None
    return push.tried_at if push.tried_at < push.due_at - LEASE else None


def release_interrupted(*, bulk: bool) -> None:
    """Ends the sending of pushes whose sender never told how it went.

    Such a push may or may not have reached the follower. Where the platform drops repeats it is simply sent
    again; anything else only a person may send again.
    """
    repeatable = Q(pk__in=[])
    for sender in SENDERS.values():
        if sender.repeatable_for:
            repeatable |= Q(kind=sender.kind, tried_at__gt=timezone.now() - sender.repeatable_for)
    transitions.release_interrupted(repeatable, bulk=bulk)


def is_due(*, bulk: bool) -> bool:
    """Returns whether a worker could send something now, or has to look after what another one left."""
    leased = Push.objects.filter(state=State.SENDING, due_at__lte=timezone.now(), bulk=bulk)
    return leased.exists() or bool(due_queues(bulk=bulk))
