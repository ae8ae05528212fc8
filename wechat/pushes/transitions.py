"""The state changes of pushes, each one conditional statement; nothing else changes a state.

The allowed moves are those of ``states``. Of two workers, or a worker and a person, only one performs a move;
the other finds no row to change.
"""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from wechat.kernel import tracing, work
from wechat.pushes import reports
from wechat.pushes.models import Push, Receipt
from wechat.pushes.states import MOVES, REPEATABLE, PushState, sources

State, Reason = Push.State, Push.Reason

# The contents that replace those of messages to an erased follower.
ERASED_CONTENT = {"type": "text", "content": "—", "erased": True}
ERASED_VALUES = {"type": "template", "values": {}, "erased": True}

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
# Whether no push goes before the push ``mine``: followers get their messages in the order they were queued,
# also when one is retried. A push does not wait for pushes that are due only later, and one that somebody
# waits for does not wait for those of campaigns.
FIRST_IN_LINE = """NOT EXISTS (
        SELECT 1 FROM pushes_push earlier
        WHERE earlier.account_id = mine.account_id AND earlier.openid = mine.openid
          AND earlier.due_at IS NOT NULL AND earlier.kind = 'service' AND earlier.id < mine.id
          AND (earlier.due_at <= %(now)s OR earlier.attempts > 0) AND (mine.bulk OR NOT earlier.bulk)
    )"""
IN_ORDER = CLAIM.format(first_in_line=f"AND {FIRST_IN_LINE}")
IN_ANY_ORDER = CLAIM.format(first_in_line="")

# Only the recorded attempt may write its outcome; a late answer still replaces *uncertain*.
_SAVE_OUTCOMES = """
UPDATE pushes_push push
SET attempts = CASE WHEN outcome.counts THEN push.attempts ELSE push.attempts - 1 END,
    state = CASE WHEN {is_no_more} THEN 'skipped' ELSE outcome.state END,
    reason = CASE WHEN {is_no_more} THEN 'erased' ELSE outcome.reason END,
    due_at = CASE WHEN {is_no_more} THEN NULL ELSE outcome.due_at END, errcode = outcome.errcode,
    error = outcome.error, sent_at = outcome.sent_at, msgid = outcome.msgid, tried_at = outcome.tried_at
FROM unnest(
    %s::bigint[], %s::int[], %s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::text[],
    %s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::boolean[]
) AS outcome(id, attempts, state, reason, due_at, errcode, error, sent_at, msgid, tried_at, counts)
WHERE push.id = outcome.id AND push.attempts = outcome.attempts
    AND (push.state, outcome.state) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
# The follower was erased during the attempt, and the message was not sent: its content is gone.
SAVE_OUTCOMES = _SAVE_OUTCOMES.format(is_no_more="outcome.state = 'pending' AND push.content ? 'erased'")
IS_ERASED = Q(content__has_key="erased")
TRIED = (State.SENDING, State.UNCERTAIN)
OUTCOMES = [(before, after) for before in TRIED for after in sorted(MOVES[before])]

JOIN = """
WITH receipt AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[])
        AS receipt(id, account_id, msgid, reason, status)
), ended AS (
    UPDATE pushes_push push
    SET state = CASE WHEN receipt.reason = '' THEN 'delivered' ELSE 'failed' END,
        reason = receipt.reason,
        error = CASE WHEN receipt.reason = '' THEN '' ELSE receipt.status END
    FROM receipt
    WHERE push.account_id = receipt.account_id AND push.msgid = receipt.msgid AND push.state = 'sent'
    RETURNING push.id, push.caller_id, push.trace
)
SELECT receipt.id, NULL, '' FROM receipt
WHERE EXISTS (
    SELECT 1 FROM pushes_push push
    WHERE push.account_id = receipt.account_id AND push.msgid = receipt.msgid
)
UNION ALL SELECT NULL, CASE WHEN ended.caller_id IS NOT NULL THEN ended.id END, ended.trace FROM ended
"""
TAKE_BACK = """
DELETE FROM pushes_push
WHERE cause = %s AND bulk AND account_id = %s AND tried_at IS NULL
    AND (state = 'pending' OR (state = 'skipped' AND reason = 'late'))
RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptOutcome:
    """The columns of a push after an attempt; ``notifies_caller``: the caller is told of the outcome."""

    push_id: int
    attempts: int
    state: PushState
    reason: str = ""
    due_at: datetime.datetime | None = None
    errcode: int | None = None
    error: str = ""
    sent_at: datetime.datetime | None = None
    msgid: int | None = None
    tried_at: datetime.datetime | None = None
    # Whether the attempt counts towards the attempts that a push has.
    counts: bool = True
    notifies_caller: bool = False


# The columns in the order of the statement.
COLUMNS = [field.name for field in fields(AttemptOutcome) if field.name != "notifies_caller"]


def claim(
    account_id: int, kind: str, *, bulk: bool, in_order: bool, limit: int, lease: datetime.timedelta
) -> list[Push]:
    """Claims at most ``limit`` due pushes of a queue, in the order they were queued (pending → sending)."""
    now = timezone.now()
    parameters = {
        "account": account_id, "kind": kind, "bulk": bulk, "now": now, "lease": now + lease, "limit": limit,
    }  # fmt: skip
    return sorted(
        Push.objects.raw(IN_ORDER if in_order else IN_ANY_ORDER, parameters), key=lambda push: push.pk
    )


def save_outcomes(outcomes: Sequence[AttemptOutcome]) -> None:
    """Writes the outcomes of attempts in one statement (sending, uncertain → the outcome).

    Reports the outcomes to the callers that are to be notified.
    """
    if not outcomes:
        return
    notifying = [outcome.push_id for outcome in outcomes if outcome.notifies_caller]
    if not notifying:
        _write(outcomes)
        return
    with transaction.atomic():
        _write(outcomes)
        reports.enqueue(notifying)


def _write(outcomes: Sequence[AttemptOutcome]) -> None:
    """Writes the outcomes, ordered by id so that two workers do not deadlock."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.push_id)
    columns = [[getattr(outcome, name) for outcome in ordered] for name in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(SAVE_OUTCOMES, [*columns, *(list(column) for column in zip(*OUTCOMES, strict=True))])


def release_interrupted(repeatable: Q, *, bulk: bool) -> None:
    """Releases the pushes whose lease ended without an outcome.

    They become pending if a repeat is safe, otherwise uncertain.
    """
    interrupted = Push.objects.filter(state=State.SENDING, due_at__lte=timezone.now(), bulk=bulk)
    interrupted.filter(repeatable).exclude(IS_ERASED).update(state=State.PENDING)
    _end(interrupted, State.UNCERTAIN, Reason.INTERRUPTED)


def join_receipts(receipts: Sequence[Receipt]) -> set[int]:
    """Writes receipts on their pushes (sent → delivered, failed).

    Returns the ids of the receipts whose push is known.
    """
    names = ("pk", "account_id", "msgid", "reason", "status")
    columns = [[getattr(receipt, name) for receipt in receipts] for name in names]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(JOIN, columns)
        rows = cursor.fetchall()
        reports.enqueue([push for _receipt, push, _trace in rows if push is not None])
    for _receipt, _push, trace in rows:
        if trace:
            tracing.mark("pushes.receipt", trace)
    return {receipt for receipt, _push, _trace in rows if receipt is not None}


def may_repeat(push: Push) -> bool:
    """Returns whether a person may send the push again, although the follower may have the message."""
    return push.state in REPEATABLE and "erased" not in push.content


def send_again(push: Push) -> bool:
    """Queues a push again (failed, uncertain, skipped → pending).

    Returns ``False`` if it is no longer in one of these states.
    """
    moved = _put_back(Push.objects.filter(pk=push.pk, state__in=REPEATABLE))
    work.wake("pushes.send_bulk" if push.bulk else "pushes.send")
    return bool(moved)


def put_back(account_id: int, cause: str, reasons: Collection[str]) -> int:
    """Queues the pushes of a batch again that failed for one of these reasons (failed → pending).

    Returns the number of pushes.
    """
    failed = Push.objects.filter(cause=cause, bulk=True, account=account_id, state=State.FAILED)
    moved = _put_back(failed.filter(reason__in=reasons))
    work.wake("pushes.send_bulk")
    return moved


def skip_untried(rows: QuerySet[Push], reason: str) -> int:
    """Skips untried pushes with that reason, and reports it to their callers (pending → skipped).

    Returns the number of pushes.
    """
    return _end(rows.filter(state=State.PENDING, tried_at=None), State.SKIPPED, reason)


def erase(rows: QuerySet[Push]) -> None:
    """Erases the contents of pushes, skips the pending ones, tried or not, and reports that to their callers.

    A push that is being sent at this moment is delivered, or is not retried.
    """
    with transaction.atomic():
        _end(rows.filter(state=State.PENDING), State.SKIPPED, Reason.ERASED)
        rows.filter(kind=Push.Kind.SERVICE).update(content=ERASED_CONTENT)
        rows.exclude(kind=Push.Kind.SERVICE).update(content=ERASED_VALUES)


def send_late(late: QuerySet[Push]) -> int:
    """Queues late pushes on a person's decision (skipped → pending); returns their number."""
    moved = _put_back(late)
    if moved:
        work.wake("pushes.send")
        work.wake("pushes.send_bulk")
    return moved


def take_back(account_id: int, cause: str) -> list[int]:
    """Deletes the untried pushes of a batch, pending or late; returns their ids.

    The others are on their way, and get their real outcome.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [cause, account_id])
        return [pk for (pk,) in cursor.fetchall()]


@transaction.atomic
def _end(rows: QuerySet[Push], state: PushState, reason: str) -> int:
    """Moves pushes to a final state, and reports that to their callers; returns the number of pushes."""
    asked_for = list(rows.filter(caller__isnull=False).select_for_update().values_list("pk", flat=True))
    ended = rows.update(state=state, reason=reason, due_at=None)
    reports.enqueue(asked_for)
    return ended


def _put_back(rows: QuerySet[Push]) -> int:
    return (
        rows.filter(state__in=sources(State.PENDING) - {State.SENDING})
        .exclude(IS_ERASED)
        .update(
            state=State.PENDING,
            reason="",
            errcode=None,
            error="",
            due_at=timezone.now(),
            tried_at=None,
            sent_at=None,
            msgid=None,
        )
    )
