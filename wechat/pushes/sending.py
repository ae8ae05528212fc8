"""The worker's side of a push: claimed, written down as being sent, sent, and what became of it.

A push is *sending* in Postgres before the platform is called, so whatever kills the worker leaves a trace:
when the lease ends without an outcome, the push is *uncertain*, and only a person may send it again. The
platform has no key that would make a second customer-service message harmless.
"""

import datetime
import logging
import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from accounts.clients import client_for
from wechat.kernel import due
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.sdk.api.messages import send_service_message
from wechat.sdk.errors import ApiError, ContentError, TransportError, WeChatError

log = logging.getLogger(__name__)

State, Reason = Push.State, Push.Reason

IN_FLIGHT = 8
# A worker that is told to stop finishes its task first, so no task goes on for ever.
RUN_SECONDS = 20.0
# How long a free place may stay empty while the others wait for the platform.
LOOK_SECONDS = 0.2
# Longer than the slowest call with a token fetched on the way and every time-out used up.
LEASE = datetime.timedelta(minutes=2)
RETRY_AFTER = [datetime.timedelta(seconds=seconds) for seconds in (2, 10, 60, 600, 3600)]
# The platform's word on this follower's send window.
WINDOW_ERRORS = {45015: Reason.WINDOW_CLOSED, 45047: Reason.USED_UP}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A push on its way, and what it took from the ledger."""

    push: Push
    spent: windows.Spent
    started_at: datetime.datetime


Flight = Future[WeChatError | None]


def send_due() -> int:
    """Send what is due until nothing is; how many pushes were taken on."""
    give_up_interrupted()
    taken = 0
    flying: dict[Flight, Attempt] = {}
    until = time.monotonic() + RUN_SECONDS
    with ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="sending") as pool:
        while (pushes := claim(_places(flying, until))) or flying:
            taken += len(pushes)
            for push in pushes:
                if attempt := begin(push):
                    flying[pool.submit(_call, push)] = attempt
            for flight in wait(flying, LOOK_SECONDS, FIRST_COMPLETED).done:
                settle(flying.pop(flight), flight.result())
    return taken


def give_up_interrupted() -> None:
    """A push whose sender never told how it went may or may not have reached the follower."""
    Push.objects.filter(state=State.SENDING, due_at__lte=timezone.now()).update(
        state=State.UNCERTAIN, reason=Reason.INTERRUPTED, due_at=None
    )


def claim(limit: int) -> list[Push]:
    """Take due pushes and write down that they are being sent: of each follower only the oldest open one."""
    if limit <= 0:
        return []
    with transaction.atomic():
        pushes = due.claim(_first_in_line(), lease=LEASE, limit=limit)
        Push.objects.filter(pk__in=[push.pk for push in pushes]).update(
            state=State.SENDING, attempts=F("attempts") + 1
        )
    for push in pushes:
        push.attempts += 1
    return pushes


def begin(push: Push) -> Attempt | None:
    """Take the message from the follower's ledger; without a window the push is skipped."""
    now = timezone.now()
    spent = windows.spend(push.account, push.openid, now)
    if spent is None:
        _close(push, State.SKIPPED, Reason.NO_WINDOW)
        return None
    return Attempt(push, spent, now)


def settle(attempt: Attempt, error: WeChatError | None) -> None:
    """Keep on the row what became of the call."""
    push = attempt.push
    if error is None:
        _finish(
            push, state=State.SENT, reason="", sent_at=timezone.now(), due_at=None, errcode=None, error=""
        )
    elif isinstance(error, TransportError) and error.outcome_unknown:
        _close(push, State.UNCERTAIN, Reason.NO_ANSWER, error)
    else:
        windows.refund(attempt.spent)
        _not_sent(attempt, error)


def _not_sent(attempt: Attempt, error: WeChatError) -> None:
    push = attempt.push
    if isinstance(error, ContentError):
        _close(push, State.FAILED, Reason.UNSENDABLE, error)
    elif isinstance(error, ApiError) and error.errcode in WINDOW_ERRORS:
        windows.exhaust(push.account, push.openid, attempt.started_at)
        _close(push, State.SKIPPED, WINDOW_ERRORS[error.errcode], error)
    elif not _worth_another_try(error):
        _close(push, State.FAILED, Reason.REFUSED, error)
    elif push.attempts > len(RETRY_AFTER):
        _close(push, State.FAILED, Reason.GAVE_UP, error)
    else:
        due_at = timezone.now() + RETRY_AFTER[push.attempts - 1]
        _finish(push, state=State.PENDING, due_at=due_at, errcode=_errcode(error), error=str(error))


def _worth_another_try(error: WeChatError) -> bool:
    """A token that was still stale after its one repair, and a used-up quota, are nobody's last word."""
    if isinstance(error, ApiError):
        return error.retryable or error.refresh_token or error.quota
    return True


def _close(push: Push, state: Push.State, reason: Push.Reason, error: WeChatError | None = None) -> None:
    text = str(error) if error else ""
    _finish(push, state=state, reason=reason, due_at=None, errcode=_errcode(error), error=text)


def _finish(push: Push, **outcome: object) -> None:
    """Only the attempt that is on record may speak; a late answer still beats *uncertain*."""
    Push.objects.filter(
        pk=push.pk, attempts=push.attempts, state__in=[State.SENDING, State.UNCERTAIN]
    ).update(**{"reason": "", **outcome})


def _errcode(error: WeChatError | None) -> int | None:
    return error.errcode if isinstance(error, ApiError) else None


def _places(flying: Mapping[Flight, Attempt], until: float) -> int:
    return IN_FLIGHT - len(flying) if time.monotonic() < until else 0


def _first_in_line() -> QuerySet[Push]:
    """Followers get their messages in the order they were asked for, also when one has to wait."""
    earlier = Push.objects.filter(
        account=OuterRef("account"), openid=OuterRef("openid"), due_at__isnull=False, pk__lt=OuterRef("pk")
    )
    waiting = Push.objects.filter(~Exists(earlier), state=State.PENDING, account__enabled=True)
    return waiting.select_related("account")


def _call(push: Push) -> WeChatError | None:
    """In a thread of its own: the call and nothing else."""
    try:
        send_service_message(client_for(push.account), push.openid, push.body)
    except WeChatError as error:
        return error
    except Exception as error:
        # A surprise with one push must not leave the others in flight without their outcome.
        log.exception("push_failed", extra={"push": push.pk})
        return TransportError(f"{type(error).__name__}: {error}", outcome_unknown=True)
    finally:
        connection.close()  # fetching a token may have used one
    return None
