"""What arrives in an event loop while a batch is under way makes up the next one.

The busier a process, the larger its batches, and the less each of what is in them costs: a statement, a
commit, a round trip are shared.
"""

import asyncio
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


class NotDone(Exception):
    """What was asked for did not happen in time; whether it still will is unknown."""


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T, R]):
    item: T
    done: "asyncio.Future[R]"

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
        """The loop ends."""
        ...


class Batches(Generic[T, R]):
    """What is carried out together; each event loop has a worker of its own.

    A batch takes items up to a weight of ``most``.
    """

    def __init__(
        self,
        worker: Callable[[], BatchWorker[T, R]],
        *,
        most: int,
        weigh: Callable[[T], int] = lambda item: 1,
    ) -> None:
        self._worker, self._most, self._weigh = worker, most, weigh
        self._queues: dict[asyncio.AbstractEventLoop, _Queue[T, R]] = {}

    async def add(self, item: T, patience: float) -> R:
        """Returns what came of the item, or raise that.

        Raises ``NotDone`` after so many seconds; at once, while a batch is under way for longer than that.
        """
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            queue = _Queue(self._worker(), self._most, self._weigh, partial(self._queues.pop, loop))
            self._queues[loop] = queue
        return await queue.add(item, patience)


class _Queue(Generic[T, R]):
    def __init__(
        self, worker: BatchWorker[T, R], most: int, weigh: Callable[[T], int], forget: Callable[[], object]
    ) -> None:
        self._worker, self._most, self._weigh, self._forget = worker, most, weigh, forget
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting[T, R]] = deque()
        self._arrived = asyncio.Event()
        self._under_way_since: float | None = None
        self._task = self._loop.create_task(self._go_on())

    async def add(self, item: T, patience: float) -> R:
        if self._is_stuck(patience):
            raise NotDone
        waiting: _Waiting[T, R] = _Waiting(item, self._loop.create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        limit = self._loop.call_later(patience, partial(waiting.finish, NotDone()))
        try:
            return await waiting.done
        finally:
            limit.cancel()

    def _is_stuck(self, patience: float) -> bool:
        since = self._under_way_since
        return since is not None and time.monotonic() - since > patience

    async def _go_on(self) -> None:
        try:
            while True:
                await self._arrived.wait()
                if batch := self._next():
                    await self._finish(batch)
        finally:
            self._forget()
            await self._worker.close()

    async def _finish(self, batch: Sequence[_Waiting[T, R]]) -> None:
        self._under_way_since = time.monotonic()
        try:
            outcomes = await self._worker.carry_out([waiting.item for waiting in batch])
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.finish(outcome)
        finally:
            self._under_way_since = None
            for waiting in batch:
                waiting.finish(NotDone())

    def _next(self) -> list[_Waiting[T, R]]:
        """The first of those that wait; whoever gave up by now is left out."""
        batch, weight = list[_Waiting[T, R]](), 0
        while self._waiting:
            first = self._waiting[0]
            weight += self._weigh(first.item)
            if batch and weight > self._most:
                return batch
            self._waiting.popleft()
            if not first.done.done():
                batch.append(first)
        self._arrived.clear()
        return batch
