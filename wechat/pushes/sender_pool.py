"""The pool of threads that call the platform for pushes and return the results."""

import datetime
import logging
import queue
import threading
import time
from collections.abc import Sequence, Set
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import connection

from wechat.kernel import tracing
from wechat.kernel.line_rates import LineRate
from wechat.kernel.work import policy
from wechat.pushes.models import Push
from wechat.pushes.send_holds import UPLOAD
from wechat.pushes.senders import GiveBack, Sender
from wechat.sdk.client import Client
from wechat.sdk.errors import TransportError, WeChatError

# The key of a hold: the account's id, and the part of its messages.
HeldKey = tuple[int, str]

log = logging.getLogger(__name__)

# Separate limits, so that lines of failed sends are not crowded out by the others.
_lines = {good: LineRate(settings.SEND_LINES_PER_SECOND) for good in (True, False)}


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt to send a push; ``give_back`` puts back what it took from a ledger.

    ``probing`` are the parts on hold of which one attempt is to find out whether they may resume.
    """

    push: Push
    sender: Sender
    client: Client
    give_back: GiveBack
    started_at: datetime.datetime
    # When an earlier attempt began whose answer was lost; ``None`` if there was none.
    lost_before: datetime.datetime | None = None
    # Whether its file is uploaded first; afterwards the push no longer says so.
    needs_upload: bool = False
    probing: frozenset[str] = frozenset()

    @property
    def parts(self) -> Sequence[str]:
        """Returns the parts whose APIs are called, in this order; each is on hold by itself."""
        return (UPLOAD, self.push.kind) if self.needs_upload else (self.push.kind,)

    @property
    def probed(self) -> frozenset[str]:
        """Returns the parts on hold of which this attempt finds out whether they may resume."""
        return self.probing.intersection(self.parts)

    def first_of(self, held: Set[HeldKey]) -> str | None:
        """Returns the first part that is on hold, unless the attempt probes it."""
        for part in self.parts:
            if (self.push.account_id, part) in held and part not in self.probed:
                return part
        return None


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of an attempt: the platform's message id, or the error.

    ``part`` is the part of the last call. ``not_tried``: it was put on hold before its turn, and the platform
    was not called.
    """

    attempt: Attempt
    part: str
    msgid: int | None = None
    error: WeChatError | None = None
    not_tried: bool = False

    @property
    def answered(self) -> Sequence[str]:
        """Returns the parts that the platform answered: it accepted the message, or refused only this one."""
        parts = self.attempt.parts
        if self.not_tried:
            return ()
        return parts if self._is_answer else parts[: parts.index(self.part)]

    @property
    def _is_answer(self) -> bool:
        errcode = getattr(self.error, "errcode", None)
        return (
            self.error is None or errcode in self.attempt.sender.verdicts or policy.is_about_row(self.error)
        )

    @property
    def outcome(self) -> str:
        """Returns the label for metrics and logs: sent, refused, lost, or held if nothing was called."""
        if self.not_tried:
            return "held"
        if self.error is None:
            return "sent"
        return "lost" if getattr(self.error, "outcome_unknown", False) else "refused"


class SenderPool:
    """A pool of threads for up to ``places`` calls at once; leaving the block waits for the running ones.

    Two queues cost a tenth of a pool of futures, which needs a lock and a condition for every push.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.in_flight = 0
        # What is on hold and must not be called any more.
        self.held: set[HeldKey] = set()
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
        """Returns at most ``most`` results; waits up to ``seconds`` for the first one."""
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
            held = attempt.first_of(self.held)
            self._results.put(AttemptResult(attempt, held, not_tried=True) if held else _sent(attempt))


def _sent(attempt: Attempt) -> AttemptResult:
    started = time.monotonic()
    with tracing.span("pushes.send", attempt.push.trace, kind=attempt.push.kind):
        result = _result_of(attempt)
        if _lines[result.error is None].allows():
            _write_line(result, time.monotonic() - started)
    return result


def _write_line(result: AttemptResult, seconds: float) -> None:
    """Logs the call in a line that a search for the request's trace finds."""
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
    push, part = attempt.push, attempt.parts[0]
    try:
        if attempt.needs_upload:
            attempt.sender.upload(attempt.client, push)
            part = push.kind
        if part in attempt.probed:
            attempt.sender.probe(attempt.client)
        return AttemptResult(attempt, part, msgid=attempt.sender.send(attempt.client, push))
    except WeChatError as error:
        return AttemptResult(attempt, part, error=error)
    except Exception as error:
        # An unexpected error of one push must not leave others in flight without their outcome.
        log.exception("push_failed", extra={"push": attempt.push.pk})
        lost = TransportError(f"{type(error).__name__}: {error}", outcome_unknown=part == push.kind)
        return AttemptResult(attempt, part, error=lost)
    finally:
        if connection.connection is not None:
            connection.close()  # fetching a token has used one
