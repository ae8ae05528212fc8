"""The threads that call the platform for a push and return the outcome."""

import datetime
import logging
import queue
import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import connection

from wechat.kernel import tracing
from wechat.kernel.line_rates import LineRate
from wechat.kernel.work import policy
from wechat.pushes.models import Push
from wechat.pushes.senders import GiveBack, Sender
from wechat.sdk.client import Client
from wechat.sdk.errors import TransportError, WeChatError

log = logging.getLogger(__name__)

# Those that failed are not crowded out by the others.
_lines = {good: LineRate(settings.SEND_LINES_PER_SECOND) for good in (True, False)}


@dataclass(frozen=True, slots=True)
class Attempt:
    """A push on its way, and how to put back what it took from a ledger.

    ``is_probe``: sends of its kind are on hold, and this one finds out whether they may go on.
    """

    push: Push
    sender: Sender
    client: Client
    give_back: GiveBack
    started_at: datetime.datetime
    # When an earlier attempt began whose answer was lost.
    lost_before: datetime.datetime | None = None
    is_probe: bool = False

    @property
    def key(self) -> tuple[int, str]:
        """Returns what is put on hold together: the account and the kind of message."""
        return self.push.account_id, self.push.kind


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of an attempt: the platform's id of the message, or why there is none.

    ``not_tried``: its kind was put on hold before its turn came, and nothing was called.
    """

    attempt: Attempt
    msgid: int | None = None
    error: WeChatError | None = None
    not_tried: bool = False

    @property
    def is_answer(self) -> bool:
        """Returns whether the platform answered: it took the message, or refused just this one."""
        if self.error is None:
            return not self.not_tried
        errcode = getattr(self.error, "errcode", None)
        return errcode in self.attempt.sender.verdicts or policy.is_about_row(self.error)

    @property
    def outcome(self) -> str:
        """Returns what is counted and told of it: sent, refused, lost, or held where nothing was called."""
        if self.not_tried:
            return "held"
        if self.error is None:
            return "sent"
        return "lost" if getattr(self.error, "outcome_unknown", False) else "refused"


class SenderPool:
    """A pool of threads for up to ``places`` calls at once; leaving the block waits for those on their way.

    A pool of futures would cost a lock and a condition for every push; two queues cost a tenth of it.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.in_flight = 0
        # What is not to be called any more, by account and kind.
        self.held: set[tuple[int, str]] = set()
        self._attempts: queue.SimpleQueue[Attempt | None] = queue.SimpleQueue()
        self._results: queue.SimpleQueue[AttemptResult] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for _thread in self._threads:
            self._attempts.put(None)
        for thread in self._threads:
            thread.join()

    def start(self, attempt: Attempt) -> None:
        self.in_flight += 1
        if len(self._threads) < min(self.in_flight, self.places):
            thread = threading.Thread(target=self._send_on, name=f"sending-{len(self._threads)}")
            self._threads.append(thread)
            thread.start()
        self._attempts.put(attempt)

    def results(self, seconds: float, most: int) -> list[AttemptResult]:
        """Returns what has come back; waits up to ``seconds`` for the first."""
        found: list[AttemptResult] = []
        try:
            found.append(self._results.get(timeout=seconds))
            while len(found) < most:
                found.append(self._results.get_nowait())
        except queue.Empty:
            pass
        self.in_flight -= len(found)
        return found

    def _send_on(self) -> None:
        while attempt := self._attempts.get():
            is_held = attempt.key in self.held and not attempt.is_probe
            self._results.put(AttemptResult(attempt, not_tried=True) if is_held else _sent(attempt))


def _sent(attempt: Attempt) -> AttemptResult:
    started = time.monotonic()
    with tracing.span("pushes.send", attempt.push.trace, kind=attempt.push.kind):
        result = _result_of(attempt)
        if _lines[result.error is None].allows():
            _write_line(result, time.monotonic() - started)
    return result


def _write_line(result: AttemptResult, seconds: float) -> None:
    """Tells of the call in a line that a search for the id of its request finds."""
    push = result.attempt.push
    line = {
        "push": push.pk,
        "account": push.account.slug,
        "kind": push.kind,
        "outcome": result.outcome,
        "errcode": getattr(result.error, "errcode", None),
        "ms": round(seconds * 1000, 1),
    }
    log.info("send", extra={name: value for name, value in line.items() if value is not None})


def _result_of(attempt: Attempt) -> AttemptResult:
    try:
        if attempt.is_probe:
            attempt.sender.probe(attempt.client)
        return AttemptResult(attempt, msgid=attempt.sender.send(attempt.client, attempt.push))
    except WeChatError as error:
        return AttemptResult(attempt, error=error)
    except Exception as error:
        # A surprise with one push must not leave the others in flight without their outcome.
        log.exception("push_failed", extra={"push": attempt.push.pk})
        lost = TransportError(f"{type(error).__name__}: {error}", outcome_unknown=True)
        return AttemptResult(attempt, error=lost)
    finally:
        if connection.connection is not None:
            connection.close()  # fetching a token has used one
