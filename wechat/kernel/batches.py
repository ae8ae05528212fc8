"""The batching of work in an event loop: items that arrive while one batch runs form the next batch.

The busier a process is, the larger are its batches, and the less each item costs, because a batch shares one
statement, one commit and one round trip.
"""

import asyncio
import contextvars
import itertools
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")
T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


# Between two looks at who has waited for too long.
LOOK_SECONDS = 0.02
# What a batch takes, until one has shown it.
FIRST_SECONDS = 0.02
# Of the newest batch in what batches take.
NEWEST_SHARE = 0.2


class NotDone(Exception):
    """The error for an item that was not carried out in time; it is unknown whether it still will be."""


class Full(NotDone):
    """The error for an item that was refused, because too many wait for it to be carried out in time."""


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T, R]):
    item: T
    weight: int
    until: float
    done: "asyncio.Future[R]"
    context: contextvars.Context

    def finish(self, outcome: R | Exception) -> None:
        if self.done.done():
            return
        if isinstance(outcome, Exception):
            self.done.set_exception(outcome)
        else:
            self.done.set_result(outcome)


class BatchWorker(Protocol[T_contra, R_co]):
    """Carries out the batches of one event loop."""

    async def carry_out(self, items: Sequence[T_contra], /) -> Sequence[R_co | Exception]:
        """Returns the outcome of each item, a result or an exception, in the same order."""
        ...

    async def close(self) -> None:
        """Closes the worker's resources when its event loop ends."""
        ...


class Batches(Generic[T, R]):
    """The items that are carried out together; each event loop has a worker of its own.

    A batch takes items up to a total weight of ``most``. An item that would wait longer than ``longest_wait``
    seconds behind the others is refused.
    """

    def __init__(
        self,
        worker: Callable[[], BatchWorker[T, R]],
        *,
        most: int,
        weigh: Callable[[T], int] = lambda item: 1,
        longest_wait: float = math.inf,
    ) -> None:
        self._worker, self._most, self._weigh, self._longest_wait = worker, most, weigh, longest_wait
        self._queues: dict[asyncio.AbstractEventLoop, _Queue[T, R]] = {}

    async def add(self, item: T, patience: float) -> R:
        """Returns the item's result, or raises its exception.

        Raises ``NotDone`` after ``patience`` seconds, or at once if the current batch already takes longer
        than that. Raises ``Full`` if the item would wait longer than ``longest_wait``.
        """
        queue = self._queue()
        if queue.is_stuck(patience):
            raise NotDone
        if queue.is_full():
            raise Full
        return await queue.add(item, patience)

    def is_full(self, patience: float) -> bool:
        """Returns whether an item added now would be refused as ``Full``; never while a batch is stuck."""
        queue = self._queue()
        return queue.is_full() and not queue.is_stuck(patience)

    def _queue(self) -> "_Queue[T, R]":
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            forget = partial(self._queues.pop, loop)
            queue = _Queue(self._worker(), self._most, self._weigh, self._longest_wait, forget)
            self._queues[loop] = queue
        return queue


class _Queue(Generic[T, R]):
    def __init__(
        self,
        worker: BatchWorker[T, R],
        most: int,
        weigh: Callable[[T], int],
        longest_wait: float,
        forget: Callable[[], object],
    ) -> None:
        self._worker, self._most, self._weigh, self._forget = worker, most, weigh, forget
        self._longest_wait = longest_wait
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._weight = 0
        self._under_way: Sequence[_Waiting[T, R]] = ()
        self._under_way_since: float | None = None
        self._seconds = FIRST_SECONDS
        self._arrived = asyncio.Event()
        self._next_look = math.inf
        self._task = self._loop.create_task(self._go_on())

    def is_stuck(self, patience: float) -> bool:
        since = self._under_way_since
        return since is not None and time.monotonic() - since > patience

    def is_full(self) -> bool:
        """Returns whether too many whole batches wait; the next batch always takes items."""
        before = self._weight // self._most
        if not before:
            return False
        since = self._under_way_since
        seconds = self._seconds if since is None else max(self._seconds, time.monotonic() - since)
        # The one under way, those before its own, its own.
        return (before + 2) * seconds > self._longest_wait

    async def add(self, item: T, patience: float) -> R:
        weight, until = self._weigh(item), time.monotonic() + patience
        done: asyncio.Future[R] = self._loop.create_future()
        waiting: _Waiting[T, R] = _Waiting(item, weight, until, done, contextvars.copy_context())
        self._waiting.append(waiting)
        self._weight += weight
        self._arrived.set()
        if until < self._next_look:
            self._next_look = until
            self._loop.call_later(patience, self._look)
        return await waiting.done

    def _look(self) -> None:
        """Ends the items that have waited too long; one timer serves all of them, because few ever do."""
        now = time.monotonic()
        still = []
        for waiting in itertools.chain(self._under_way, self._waiting):
            if waiting.until <= now:
                waiting.finish(NotDone())
            elif not waiting.done.done():
                still.append(waiting.until)
        self._next_look = math.inf
        if still:
            seconds = max(min(still) - now, LOOK_SECONDS)
            self._next_look = now + seconds
            self._loop.call_later(seconds, self._look)

    async def _go_on(self) -> None:
        try:
            while True:
                await self._arrived.wait()
                if batch := self._next():
                    # Logs and spans of a batch belong to its first item. This task has the context of the
                    # very first item of all.
                    await self._loop.create_task(self._finish(batch), context=batch[0].context)
        finally:
            self._forget()
            await self._worker.close()

    async def _finish(self, batch: Sequence[_Waiting[T, R]]) -> None:
        began = self._under_way_since = time.monotonic()
        self._under_way = batch
        try:
            outcomes = await self._worker.carry_out([waiting.item for waiting in batch])
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.finish(outcome)
        finally:
            self._under_way, self._under_way_since = (), None
            self._seconds += NEWEST_SHARE * (time.monotonic() - began - self._seconds)
            for waiting in batch:
                waiting.finish(NotDone())

    def _next(self) -> list[_Waiting[T, R]]:
        """Returns the next batch: the first waiting items, without those that have given up."""
        batch, weight = list[_Waiting[T, R]](), 0
        while self._waiting:
            first = self._waiting[0]
            weight += first.weight
            if batch and weight > self._most:
                return batch
            self._waiting.popleft()
            self._weight -= first.weight
            if not first.done.done():
                batch.append(first)
        self._arrived.clear()
        return batch
