"""The transitions of a push's state, each one conditional statement, and made nowhere else.

The moves there are stand in ``states``. Of two workers, or a worker and a person, one makes a move, and the
other finds that there is nothing to move.
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

# What is left of the words to somebody who was erased.
FORGOTTEN = {"type": "text", "content": "—", "erased": True}
FORGOTTEN_VALUES = {"type": "template", "values": {}, "erased": True}

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
# Whether nothing goes before a push ``mine``: followers get their messages in the order they were asked for,
# also when one has to be tried again. Nothing waits for what is to go later only, nor what somebody waits for
# for what is one of many.
FIRST_IN_LINE = """NOT EXISTS (
        SELECT 1 FROM pushes_push earlier
        WHERE earlier.account_id = mine.account_id AND earlier.openid = mine.openid
          AND earlier.due_at IS NOT NULL AND earlier.kind = 'service' AND earlier.id < mine.id
          AND (earlier.due_at <= %(now)s OR earlier.attempts > 0) AND (mine.bulk OR NOT earlier.bulk)
    )"""
IN_ORDER = CLAIM.format(first_in_line=f"AND {FIRST_IN_LINE}")
IN_ANY_ORDER = CLAIM.format(first_in_line="")

# Only the attempt that is on record may speak; a late answer still beats *uncertain*.
_KEEP = """
UPDATE pushes_push push
SET attempts = CASE WHEN kept.counts THEN push.attempts ELSE push.attempts - 1 END,
    state = CASE WHEN {is_no_more} THEN 'skipped' ELSE kept.state END,
    reason = CASE WHEN {is_no_more} THEN 'erased' ELSE kept.reason END,
    due_at = CASE WHEN {is_no_more} THEN NULL ELSE kept.due_at END, errcode = kept.errcode,
    error = kept.error, sent_at = kept.sent_at, msgid = kept.msgid, tried_at = kept.tried_at
FROM unnest(
    %s::bigint[], %s::int[], %s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::text[],
    %s::timestamptz[], %s::bigint[], %s::timestamptz[], %s::boolean[]
) AS kept(id, attempts, state, reason, due_at, errcode, error, sent_at, msgid, tried_at, counts)
WHERE push.id = kept.id AND push.attempts = kept.attempts
    AND (push.state, kept.state) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
"""
# Its follower was erased while it was being sent, and it did not go out: its words are gone.
KEEP = _KEEP.format(is_no_more="kept.state = 'pending' AND push.content ? 'erased'")
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
    """The columns of a push after an attempt; ``notifies_caller`` if whoever asked for it is told of them."""

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
    # Whether the attempt is one of those a push has.
    counts: bool = True
    notifies_caller: bool = False


# In the order of the statement.
COLUMNS = [field.name for field in fields(AttemptOutcome) if field.name != "notifies_caller"]


def claim(
    account_id: int, kind: str, *, bulk: bool, in_order: bool, limit: int, lease: datetime.timedelta
) -> list[Push]:
    """Takes up to ``limit`` due pushes of a queue, in the order they were asked for (pending → sending)."""
    now = timezone.now()
    parameters = {
        "account": account_id, "kind": kind, "bulk": bulk, "now": now, "lease": now + lease, "limit": limit,
    }  # fmt: skip
    return sorted(
        Push.objects.raw(IN_ORDER if in_order else IN_ANY_ORDER, parameters), key=lambda push: push.pk
    )


def keep(outcomes: Sequence[AttemptOutcome]) -> None:
    """Writes what became of attempts to their pushes in one statement (sending, uncertain → the outcome).

    Callers are told of the outcomes that notify them.
    """
    if not outcomes:
        return
    notifying = [outcome.push_id for outcome in outcomes if outcome.notifies_caller]
    if not notifying:
        _write(outcomes)
        return
    with transaction.atomic():
        _write(outcomes)
        reports.note(notifying)


def _write(outcomes: Sequence[AttemptOutcome]) -> None:
    """Writes the outcomes, ordered by id so that two workers cannot lock one another out."""
    ordered = sorted(outcomes, key=lambda outcome: outcome.push_id)
    columns = [[getattr(outcome, name) for outcome in ordered] for name in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [*columns, *(list(column) for column in zip(*OUTCOMES, strict=True))])


def release_interrupted(repeatable: Q, *, bulk: bool) -> None:
    """Ends the sending of pushes whose sender never came back.

    They become pending where a repeat is safe, else uncertain.
    """
    interrupted = Push.objects.filter(state=State.SENDING, due_at__lte=timezone.now(), bulk=bulk)
    interrupted.filter(repeatable).exclude(IS_ERASED).update(state=State.PENDING)
    with transaction.atomic():
        asked_for = list(
            interrupted.filter(caller__isnull=False).select_for_update().values_list("pk", flat=True)
        )
        interrupted.update(state=State.UNCERTAIN, reason=Reason.INTERRUPTED, due_at=None)
        reports.note(asked_for)


def join_receipts(receipts: Sequence[Receipt]) -> set[int]:
    """Notes on pushes what the platform reported of them (sent → delivered, failed).

    Returns the receipts whose push is known, by id.
    """
    names = ("pk", "account_id", "msgid", "reason", "status")
    columns = [[getattr(receipt, name) for receipt in receipts] for name in names]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(JOIN, columns)
        rows = cursor.fetchall()
        reports.note([push for _receipt, push, _trace in rows if push is not None])
    for _receipt, _push, trace in rows:
        if trace:
            tracing.mark("pushes.receipt", trace)
    return {receipt for receipt, _push, _trace in rows if receipt is not None}


def may_repeat(push: Push) -> bool:
    """Returns whether a person may have it sent again; the follower may already have the message."""
    return push.state in REPEATABLE and "erased" not in push.content


def send_again(push: Push) -> bool:
    """Has a push sent again (failed, uncertain, skipped → pending).

    Returns ``False`` if it is no longer in a state for that.
    """
    moved = _put_back(Push.objects.filter(pk=push.pk, state__in=REPEATABLE))
    work.wake("pushes.send_bulk" if push.bulk else "pushes.send")
    return bool(moved)


def put_back(account_id: int, cause: str, reasons: Collection[str]) -> int:
    """Has those of a batch sent again that failed for one of these reasons (failed → pending).

    Returns how many.
    """
    failed = Push.objects.filter(cause=cause, bulk=True, account=account_id, state=State.FAILED)
    moved = _put_back(failed.filter(reason__in=reasons))
    work.wake("pushes.send_bulk")
    return moved


def skip_untried(rows: QuerySet[Push], reason: str) -> int:
    """Skips pushes that never went out (pending → skipped), for that reason; callers are told.

    Returns how many.
    """
    with transaction.atomic():
        untried = rows.filter(state=State.PENDING, tried_at=None)
        asked_for = list(
            untried.filter(caller__isnull=False).select_for_update().values_list("pk", flat=True)
        )
        skipped = untried.update(state=State.SKIPPED, reason=reason, due_at=None)
        reports.note(asked_for)
    return skipped


def forget(rows: QuerySet[Push]) -> None:
    """Removes the words of pushes, and skips those that are pending, tried before or not; callers are told.

    What is being sent this moment goes out, or is tried no further.
    """
    with transaction.atomic():
        waiting = rows.filter(state=State.PENDING)
        asked_for = list(
            waiting.filter(caller__isnull=False).select_for_update().values_list("pk", flat=True)
        )
        waiting.update(state=State.SKIPPED, reason=Reason.ERASED, due_at=None)
        reports.note(asked_for)
        rows.filter(kind=Push.Kind.SERVICE).update(content=FORGOTTEN)
        rows.exclude(kind=Push.Kind.SERVICE).update(content=FORGOTTEN_VALUES)


def send_late(late: QuerySet[Push]) -> int:
    """Has those sent that were late, as a person decided (skipped → pending); returns how many."""
    moved = _put_back(late)
    if moved:
        work.wake("pushes.send")
        work.wake("pushes.send_bulk")
    return moved


def take_back(account_id: int, cause: str) -> list[int]:
    """Deletes those of a batch that were never tried, refused, or late; returns the ids they had.

    The rest is on its way, and ends by its real outcome.
    """
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [cause, account_id])
        return [pk for (pk,) in cursor.fetchall()]


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
