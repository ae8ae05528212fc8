"""The outcomes of attempts: what the platform's answer to a call means for its push."""

import datetime
from dataclasses import replace

from django.utils import timezone

from wechat.kernel.work import policy
from wechat.pushes.models import Push
from wechat.pushes.send_holds import UPLOAD
from wechat.pushes.sender_pool import Attempt, AttemptResult
from wechat.pushes.senders import SendVerdict
from wechat.pushes.transitions import AttemptOutcome
from wechat.sdk.errors import ApiError, Cause, ContentError, TransportError, WeChatError

State, Reason = Push.State, Push.Reason

UPLOAD_AGAIN = datetime.timedelta(minutes=1)
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (2, 10, 60, 600, 3600)]


def of(result: AttemptResult, *, is_held: bool = False) -> AttemptOutcome:
    """Returns the outcome of an attempt for its push; ``is_held``: its kind of message is on hold."""
    push, error = result.attempt.push, result.error
    if result.not_tried:
        result.attempt.give_back()
        if result.part == UPLOAD:
            return put_off(push, result.attempt.lost_before)
        return _later(push, timezone.now(), None, counts=False, tried_at=result.attempt.lost_before)
    if error is None:
        return AttemptOutcome(
            push_id=push.pk,
            attempts=push.attempts,
            state=State.SENT,
            sent_at=timezone.now(),
            msgid=result.msgid,
            notifies_caller=push.caller_id is not None,
        )
    if isinstance(error, TransportError) and error.outcome_unknown:
        return _lost(result.attempt, error, is_held=is_held)
    result.attempt.give_back()
    outcome = _refused(result.attempt, error, is_held=is_held)
    if is_held and result.part == UPLOAD and outcome.due_at is not None:
        return replace(outcome, due_at=timezone.now() + UPLOAD_AGAIN)
    return outcome


def put_off(push: Push, lost_before: datetime.datetime | None) -> AttemptOutcome:
    """Returns the outcome of a push that was not tried, as uploads are on hold.

    It is due a little later, so that the follower's next messages do not wait for it.
    """
    later = _later(push, timezone.now() + UPLOAD_AGAIN, None, counts=False, tried_at=lost_before)
    return replace(later, errcode=push.errcode, error=push.error)


def closed(push: Push, verdict: SendVerdict, error: WeChatError | None = None) -> AttemptOutcome:
    return AttemptOutcome(
        push_id=push.pk,
        attempts=push.attempts,
        state=verdict.state,
        reason=verdict.reason,
        errcode=_errcode(error),
        error=str(error) if error else "",
        notifies_caller=push.caller_id is not None,
    )


def _lost(attempt: Attempt, error: TransportError, *, is_held: bool) -> AttemptOutcome:
    """Returns the outcome of an attempt whose answer was lost: a retry, or uncertain.

    It is retried only if the platform drops repeats, and for as long as it does.
    """
    push, until = attempt.push, attempt.push.tried_at
    # Due first in its queue, because the platform remembers the message for some minutes only.
    due_at = push.created_at if is_held else timezone.now() + _pause(push)
    if until is not None and max(due_at, timezone.now()) < until + attempt.sender.repeatable_for:
        return _later(push, due_at, error, counts=not is_held, tried_at=push.tried_at)
    return closed(push, SendVerdict(State.UNCERTAIN, Reason.NO_ANSWER), error)


def _refused(attempt: Attempt, error: WeChatError, *, is_held: bool) -> AttemptOutcome:
    push = attempt.push
    if isinstance(error, ContentError):
        return closed(push, SendVerdict(State.FAILED, _reason(error)), error)
    if isinstance(error, ApiError) and (verdict := attempt.sender.verdicts.get(error.errcode)):
        attempt.sender.correct(push, verdict, attempt.started_at)
        return closed(push, verdict, error)
    decision = policy.decide(error, push.attempts - 1, RETRY_AFTER).held(is_held)
    if decision.again_at is not None:
        return _later(push, decision.again_at, error, counts=decision.counts, tried_at=attempt.lost_before)
    reason = Reason.REFUSED if policy.cause_of(error) == Cause.ROW else Reason.GAVE_UP
    return closed(push, SendVerdict(State.FAILED, reason), error)


def _reason(error: ContentError) -> Push.Reason:
    if error.code != "required":
        return Reason.UNSENDABLE
    return Reason.NO_FILE if error.field == "media_id" else Reason.BAD_VALUE


def _later(
    push: Push,
    due_at: datetime.datetime,
    error: WeChatError | None,
    *,
    counts: bool,
    tried_at: datetime.datetime | None = None,
) -> AttemptOutcome:
    return AttemptOutcome(
        push_id=push.pk,
        attempts=push.attempts,
        state=State.PENDING,
        due_at=due_at,
        errcode=_errcode(error),
        error=str(error) if error else "",
        tried_at=tried_at,
        counts=counts,
    )


def _pause(push: Push) -> datetime.timedelta:
    return RETRY_AFTER[min(push.attempts, len(RETRY_AFTER)) - 1]


def _errcode(error: WeChatError | None) -> int | None:
    return error.errcode if isinstance(error, ApiError) else None
