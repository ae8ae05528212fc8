"""The kinds of background work: their queues and turns, and the kinds that claim their rows themselves."""

import datetime
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from celery import shared_task
from django.db.models import Model, QuerySet
from django.utils import timezone
from django_stubs_ext import StrOrPromise

from wechat.kernel import metrics, tracing
from wechat.kernel.registry import Registry
from wechat.kernel.work import clock, last_turns, places, waking
from wechat.kernel.work.rows import WorkRow

# Somebody waits for it: replies, reactions, answers of the desk, payments, notifications.
INTERACTIVE = "interactive"
# Nobody waits for a single row of it: campaigns, mass sends, syncs, reports, exports.
BULK = "bulk"

NO_PARTS: Mapping[str, StrOrPromise] = MappingProxyType({})


@dataclass(slots=True)
class Turn:
    """The limited time of one run of a kind of work, after which other kinds get their turn."""

    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.began + self.seconds

    @property
    def ends_at(self) -> float:
        """Returns the turn's end, by the monotonic clock."""
        return self.began + self.seconds


class AnyKind(ABC):
    """The base class of all kinds of work: each has a name, a label for staff, a queue and a turn.

    ``parts`` are what staff call the parts of its work that are on hold each by itself.
    """

    def __init__(
        self, name: str, *, label: StrOrPromise, queue: str, seconds: float, parts: Mapping[str, StrOrPromise]
    ) -> None:
        self.name = name
        self.label = label or name
        self.parts = parts
        self.queue = queue
        self.seconds = seconds
        waking.QUEUES.add(name, queue)
        KINDS.add(name, self)
        shared_task(name=name)(self.take_turn)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"

    def take_turn(self) -> int:
        """Processes due rows until none is left or the turn is over; returns how many rows were taken.

        The rest waits behind the other kinds of its queue. Bulk work that gets no place in its worker waits
        for the next tick. A worker whose clock is wrong takes nothing.
        """
        waking.clear_mark(self.name)
        if not clock.watch.is_right():
            return 0
        if self.queue != BULK:
            return self._turn()
        with places.bulk.one() as there_is_one:
            return self._turn() if there_is_one else 0

    def _turn(self) -> int:
        turn = Turn(self.seconds)
        with tracing.span(f"turn {self.name}"):
            taken = self.work_off(turn)
        metrics.TURN_SECONDS.labels(self.name).observe(time.monotonic() - turn.began)
        metrics.WORK_ROWS.labels(self.name).inc(taken)
        if taken:
            last_turns.record(self.name, taken)
        if turn.is_over and self.is_due():
            waking.publish(self.name)
        return taken

    @abstractmethod
    def work_off(self, turn: Turn) -> int:
        """Processes due rows until the turn is over; returns how many rows were taken."""

    @abstractmethod
    def is_due(self) -> bool:
        """Returns whether there is a row that a worker could take now."""

    def backlog(self) -> QuerySet[WorkRow] | None:
        """Returns the due rows, or ``None`` for work without rows in Postgres."""
        rows = self.all_rows()
        return None if rows is None else rows.filter(due_at__lte=timezone.now())

    @abstractmethod
    def oldest_due(self) -> datetime.datetime | None:
        """Returns the due time of the oldest row that waits neither for a hold nor for a person."""

    @abstractmethod
    def all_rows(self) -> QuerySet[WorkRow] | None:
        """Returns the rows of this kind, whenever they are due."""

    @abstractmethod
    def subjects(self) -> type[Model] | None:
        """Returns the model of the subjects whose work can be on hold: accounts, merchants or receivers."""


KINDS: Registry[AnyKind] = Registry("kind of work")


class TurnKind(AnyKind):
    """A kind of work whose function finds and claims its rows itself, for as long as its turn lasts."""

    def __init__(
        self,
        name: str,
        is_due: Callable[[], bool],
        *,
        queue: str,
        label: StrOrPromise = "",
        seconds: float = 10.0,
        parts: Mapping[str, StrOrPromise] = NO_PARTS,
        rows: Callable[[], QuerySet[WorkRow]] | None = None,
        oldest_due: Callable[[], datetime.datetime | None] = lambda: None,
    ) -> None:
        super().__init__(name, label=label, queue=queue, seconds=seconds, parts=parts)
        self._is_due = is_due
        self._rows = rows
        self._oldest_due = oldest_due
        self._work_off: Callable[[Turn], int] | None = None

    def does(self, work_off: Callable[[Turn], int]) -> Callable[[Turn], int]:
        """Registers the function that processes due rows and returns how many they were."""
        self._work_off = work_off
        return work_off

    def work_off(self, turn: Turn) -> int:
        if self._work_off is None:
            raise LookupError(f"no function does {self.name}")
        return self._work_off(turn)

    def is_due(self) -> bool:
        return self._is_due()

    def all_rows(self) -> QuerySet[WorkRow] | None:
        return self._rows() if self._rows else None

    def oldest_due(self) -> datetime.datetime | None:
        return self._oldest_due()

    def subjects(self) -> type[Model] | None:
        """Returns the model of accounts if its rows have an account."""
        rows = self.all_rows()
        named = [] if rows is None else rows.model._meta.get_fields()
        return next((each.related_model for each in named if each.name == "account"), None)
