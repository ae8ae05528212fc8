"""Tests of batches in an event loop: items that arrive during a batch form the next one."""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress

import pytest

from wechat.kernel import tracing
from wechat.kernel.batches import Batches, Full, NotDone

PATIENCE = 60


class Worker:
    """A worker that doubles numbers, as soon as it is let go; it refuses those below zero."""

    def __init__(self) -> None:
        self.batches: list[Sequence[int]] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.is_closed = False

    async def carry_out(self, items: Sequence[int], /) -> Sequence[int | Exception]:
        self.batches.append(items)
        await self.may_go_on.wait()
        return [2 * item if item >= 0 else ValueError(item) for item in items]

    async def close(self) -> None:
        self.is_closed = True


def doubling(workers: list[Worker], most: int = 100, longest_wait: float = math.inf) -> "Batches[int, int]":
    def worker() -> Worker:
        workers.append(Worker())
        return workers[-1]

    return Batches(worker, most=most, weigh=abs, longest_wait=longest_wait)


def test_each_gets_what_came_of_its_own() -> None:
    workers: list[Worker] = []
    batches = doubling(workers)

    async def all_at_once() -> list[int | BaseException]:
        return await asyncio.gather(
            *[batches.add(item, PATIENCE) for item in (1, -2, 3)], return_exceptions=True
        )

    first, refused, last = asyncio.run(all_at_once())
    assert (first, last) == (2, 6)
    assert isinstance(refused, ValueError)
    assert workers[0].batches == [[1, -2, 3]]


def test_what_is_told_of_a_batch_belongs_to_the_first_of_it() -> None:
    """It does not belong for ever to whoever came first of all."""
    traces: list[str] = []

    class Tracing(Worker):
        async def carry_out(self, items: Sequence[int], /) -> Sequence[int | Exception]:
            traces.append(tracing.current())
            return await super().carry_out(items)

    batches: Batches[int, int] = Batches(Tracing, most=100)

    async def traced(*items: int) -> str:
        with tracing.begin("request") as trace:
            await asyncio.gather(*[batches.add(item, PATIENCE) for item in items])
        return trace

    async def one_after_another() -> list[str]:
        return [await traced(1), await traced(2, 3)]

    assert asyncio.run(one_after_another()) == traces


def test_what_arrives_meanwhile_shares_the_next_batches_by_weight() -> None:
    workers: list[Worker] = []
    batches = doubling(workers, most=5)

    async def in_turn() -> None:
        first = asyncio.ensure_future(batches.add(1, PATIENCE))
        while not workers or not workers[0].batches:
            await asyncio.sleep(0)
        workers[0].may_go_on.clear()
        others = [asyncio.ensure_future(batches.add(item, PATIENCE)) for item in (2, 3, 4, 9)]
        await asyncio.sleep(0)
        workers[0].may_go_on.set()
        await asyncio.gather(first, *others)

    asyncio.run(in_turn())
    assert workers[0].batches == [[1], [2, 3], [4], [9]]


def test_who_waited_in_vain_is_told_and_left_out() -> None:
    workers: list[Worker] = []
    batches = doubling(workers)

    async def in_vain() -> None:
        await batches.add(0, PATIENCE)
        workers[0].may_go_on.clear()
        stuck = asyncio.ensure_future(batches.add(1, PATIENCE))
        while len(workers[0].batches) < 2:
            await asyncio.sleep(0)
        with pytest.raises(NotDone):
            await batches.add(2, -1)
        waiting = asyncio.ensure_future(batches.add(3, PATIENCE))
        await asyncio.sleep(0)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        workers[0].may_go_on.set()
        assert await stuck == 2
        assert await batches.add(4, PATIENCE) == 8

    asyncio.run(in_vain())
    assert workers[0].batches == [[0], [1], [4]]


def test_who_gives_up_while_others_wait_is_told_in_time() -> None:
    workers: list[Worker] = []
    batches = doubling(workers)

    async def some_in_vain() -> None:
        await batches.add(0, PATIENCE)
        workers[0].may_go_on.clear()
        patient = asyncio.ensure_future(batches.add(1, PATIENCE))
        for _again in range(2):
            with pytest.raises(NotDone):
                await batches.add(2, 0.01)
        workers[0].may_go_on.set()
        assert await patient == 2

    asyncio.run(some_in_vain())


def test_what_would_wait_too_long_behind_others_is_refused_at_once() -> None:
    workers: list[Worker] = []
    batches = doubling(workers, most=2, longest_wait=0.1)

    async def too_many() -> None:
        await batches.add(0, PATIENCE)
        workers[0].may_go_on.clear()
        waiting = [asyncio.ensure_future(batches.add(1, PATIENCE))]
        while len(workers[0].batches) < 2:
            await asyncio.sleep(0)
        # One batch is under way, for however long; the next one takes whatever fits into it.
        waiting += [asyncio.ensure_future(batches.add(1, PATIENCE)) for _ in range(2)]
        while not batches.is_full(PATIENCE):
            await asyncio.sleep(0)
        with pytest.raises(Full):
            await batches.add(1, PATIENCE)
        assert not batches.is_full(-1), "what is stuck is away, which others see to"
        workers[0].may_go_on.set()
        assert await asyncio.gather(*waiting) == [2, 2, 2]
        assert await batches.add(4, PATIENCE) == 8

    asyncio.run(too_many())
    assert workers[0].batches == [[0], [1], [1, 1], [4]]


def test_each_loop_has_a_worker_that_is_closed_with_it() -> None:
    workers: list[Worker] = []
    batches = doubling(workers)
    assert [asyncio.run(batches.add(item, PATIENCE)) for item in (1, 2)] == [2, 4]
    assert [worker.is_closed for worker in workers] == [True, True]
