"""What arrives in an event loop while a batch is under way makes up the next one.

The busier a process, the larger its batches, and the less each of what is in them costs: a statement, a
commit, a round trip are shared.
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
    """The item was not carried out in time; whether it still will be is unknown."""


class Full(NotDone):
    """The item was not begun: so much waits already that it would not be carried out in time."""


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
        """Returns what came of each item, a result or an exception, in their order."""
        ...

    async def close(self) -> None:
        """Closes what the worker holds, as its loop ends."""
        ...


class Batches(Generic[T, R]):
    """The items that are carried out together; each event loop has a worker of its own.

    A batch takes items up to a weight of ``most``. With ``longest_wait``, nothing is taken on that would wait
    for longer than so many seconds behind what is there already.
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
        """Returns what came of the item, or raises that.

        Raises ``NotDone`` after so many seconds; at once, while a batch is under way for longer than that.
        Raises ``Full`` where it would wait too long.
        """
        queue = self._queue()
        if queue.is_stuck(patience):
            raise NotDone
        if queue.is_full():
            raise Full
        return await queue.add(item, patience)

    def is_full(self, patience: float) -> bool:
        """Returns whether what is added now would wait too long. What is stuck is not full: it is away."""
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
        """Looks at whole batches only: for what is in the very next one there is no better time to come."""
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
        """Lets go those who have waited for too long; one timer serves all, as few ever do."""
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
                    # What is logged and traced of it belongs to the first of them, not to whoever came first
                    # of all, as the context of this task does.
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
        """Returns the next batch, the first of those that wait; whoever gave up by now is left out."""
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
