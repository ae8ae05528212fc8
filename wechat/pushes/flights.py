"""Calls on their way: threads that take a push, call the platform, and hand back what came of it."""

import datetime
import logging
import queue
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from django.db import connection

from wechat.pushes.models import Push
from wechat.pushes.senders import GiveBack, Sender
from wechat.sdk.client import Client
from wechat.sdk.errors import TransportError, WeChatError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A push on its way, and how to put back what it took from a ledger."""

    push: Push
    sender: Sender
    client: Client
    give_back: GiveBack
    started_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class Landing:
    """What came of an attempt: the platform's id of the message, or why there is none."""

    attempt: Attempt
    msgid: int | None = None
    error: WeChatError | None = None


class Flights:
    """Up to ``places`` calls at once; leaving the block waits for those on their way.

    A pool of futures would cost a lock and a condition for every push; two queues cost a tenth of it.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self.flying = 0
        self._leaving: queue.SimpleQueue[Attempt | None] = queue.SimpleQueue()
        self._landed: queue.SimpleQueue[Landing] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for _thread in self._threads:
            self._leaving.put(None)
        for thread in self._threads:
            thread.join()

    def start(self, attempt: Attempt) -> None:
        self.flying += 1
        if len(self._threads) < min(self.flying, self.places):
            thread = threading.Thread(target=self._fly, name=f"sending-{len(self._threads)}")
            self._threads.append(thread)
            thread.start()
        self._leaving.put(attempt)

    def landings(self, seconds: float, most: int) -> list[Landing]:
        """What has landed; waits up to ``seconds`` for the first."""
        landed: list[Landing] = []
        try:
            landed.append(self._landed.get(timeout=seconds))
            while len(landed) < most:
                landed.append(self._landed.get_nowait())
        except queue.Empty:
            pass
        self.flying -= len(landed)
        return landed

    def _fly(self) -> None:
        while attempt := self._leaving.get():
            self._landed.put(_flown(attempt))


def _flown(attempt: Attempt) -> Landing:
    try:
        return Landing(attempt, msgid=attempt.sender.send(attempt.client, attempt.push))
    except WeChatError as error:
        return Landing(attempt, error=error)
    except Exception as error:
        # A surprise with one push must not leave the others in flight without their outcome.
        log.exception("push_failed", extra={"push": attempt.push.pk})
        lost = TransportError(f"{type(error).__name__}: {error}", outcome_unknown=True)
        return Landing(attempt, error=lost)
    finally:
        if connection.connection is not None:
            connection.close()  # fetching a token has used one
