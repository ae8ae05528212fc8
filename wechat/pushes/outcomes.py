"""What became of a call, kept on the rows, many at once."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, fields

from django.db import connection, transaction
from django.utils import timezone

from wechat.pushes import pausing, reports
from wechat.pushes.flights import Landing
from wechat.pushes.models import Push
from wechat.pushes.senders import Verdict
from wechat.sdk.errors import ApiError, ContentError, TransportError, WeChatError

State, Reason = Push.State, Push.Reason

RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (2, 10, 60, 600, 3600)]

# Only the attempt that is on record may speak; a late answer still beats *uncertain*.
KEEP = """
UPDATE pushes_push push
SET state = kept.state, reason = kept.reason, due_at = kept.due_at, errcode = kept.errcode,
    error = kept.error, sent_at = kept.sent_at, msgid = kept.msgid, tried_at = kept.tried_at
FROM unnest(
    %s::bigint[], %s::int[], %s::text[], %s::text[], %s::timestamptz[], %s::int[], %s::text[],
    %s::timestamptz[], %s::bigint[], %s::timestamptz[]
) AS kept(id, attempts, state, reason, due_at, errcode, error, sent_at, msgid, tried_at)
WHERE push.id = kept.id AND push.attempts = kept.attempts AND push.state IN ('sending', 'uncertain')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The columns of a push after an attempt; ``told`` if a caller wants to hear of them."""

    push_id: int
    attempts: int
    state: Push.State
    reason: str = ""
    due_at: datetime.datetime | None = None
    errcode: int | None = None
    error: str = ""
    sent_at: datetime.datetime | None = None
    msgid: int | None = None
    tried_at: datetime.datetime | None = None
    told: bool = False


# In the order of the statement.
COLUMNS = [field.name for field in fields(Outcome) if field.name != "told"]


def keep(outcomes: Sequence[Outcome]) -> None:
    """Write them down in one statement, ordered so that two workers cannot lock one another out."""
    if not outcomes:
        return
    told = [outcome.push_id for outcome in outcomes if outcome.told]
    if not told:
        _write(outcomes)
        return
    with transaction.atomic():
        _write(outcomes)
        reports.note(told)


def _write(outcomes: Sequence[Outcome]) -> None:
    ordered = sorted(outcomes, key=lambda outcome: outcome.push_id)
    columns = [[getattr(outcome, name) for outcome in ordered] for name in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(KEEP, columns)


def of(landing: Landing) -> Outcome:
    """What the platform's answer means for the push, its ledger and its lane."""
    push, error = landing.attempt.push, landing.error
    if error is None:
        return Outcome(
            push_id=push.pk,
            attempts=push.attempts,
            state=State.SENT,
            sent_at=timezone.now(),
            msgid=landing.msgid,
            told=push.caller_id is not None,
        )
    if isinstance(error, TransportError) and error.outcome_unknown:
        return _lost(landing, error)
    landing.attempt.give_back()
    return _refused(landing, error)


def closed(push: Push, verdict: Verdict, error: WeChatError | None = None) -> Outcome:
    return Outcome(
        push_id=push.pk,
        attempts=push.attempts,
        state=verdict.state,
        reason=verdict.reason,
        errcode=_errcode(error),
        error=str(error) if error else "",
        told=push.caller_id is not None,
    )


def _lost(landing: Landing, error: TransportError) -> Outcome:
    """Where the platform drops repeats the same message goes out once more, for as long as it does."""
    push, sender = landing.attempt.push, landing.attempt.sender
    due_at = timezone.now() + _pause(push)
    if push.tried_at is not None and due_at < push.tried_at + sender.repeatable_for:
        return _later(push, due_at, error, tried_at=push.tried_at)
    return closed(push, Verdict(State.UNCERTAIN, Reason.NO_ANSWER), error)


def _refused(landing: Landing, error: WeChatError) -> Outcome:
    attempt = landing.attempt
    push = attempt.push
    if isinstance(error, ContentError):
        reason = Reason.BAD_VALUE if error.code == "required" else Reason.UNSENDABLE
        return closed(push, Verdict(State.FAILED, reason), error)
    if isinstance(error, ApiError):
        if verdict := attempt.sender.verdicts.get(error.errcode):
            attempt.sender.correct(push, verdict, attempt.started_at)
            return closed(push, verdict, error)
        if moment := pausing.until(error):
            pausing.pause(push.account, push.kind, moment, error.errcode)
            return _later(push, moment, error)
        if not (error.retryable or error.refresh_token or error.quota):
            return closed(push, Verdict(State.FAILED, Reason.REFUSED), error)
    if push.attempts > len(RETRY_AFTER):
        return closed(push, Verdict(State.FAILED, Reason.GAVE_UP), error)
    return _later(push, timezone.now() + _pause(push), error)


def _later(
    push: Push, due_at: datetime.datetime, error: WeChatError, tried_at: datetime.datetime | None = None
) -> Outcome:
    return Outcome(
        push_id=push.pk,
        attempts=push.attempts,
        state=State.PENDING,
        due_at=due_at,
        errcode=_errcode(error),
        error=str(error),
        tried_at=tried_at,
    )


def _pause(push: Push) -> datetime.timedelta:
    return RETRY_AFTER[min(push.attempts, len(RETRY_AFTER)) - 1]


def _errcode(error: WeChatError | None) -> int | None:
    return error.errcode if isinstance(error, ApiError) else None
