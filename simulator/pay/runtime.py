"""The runtime of WeChat Pay, which completes refunds and delivers notifications by the platform's clock."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter

from simulator.pay import texts
from simulator.pay.authorization import WINDOW
from simulator.pay.bill_layout import Layout
from simulator.pay.errors import PayError
from simulator.pay.rates import Rates
from simulator.pay.recent import Recent
from simulator.pay.schedule import Schedule, Task
from simulator.pay.state import Merchant, PayState
from simulator.world import World

Performers = Mapping[type[Task], Callable[["Runtime", Any], Awaitable[None]]]

AT_ONCE = 64
TICK = 0.05
LINK_LIFE = 300


@dataclass(slots=True)
class Download:
    """A bill that can be downloaded by the token in its URL.

    ``choice`` is the bill's type or account; a service provider's bill can be of one merchant it serves.
    """

    mchid: str
    day: str
    choice: str
    layout: Layout
    zipped: bool
    sub_mchid: str = ""


class Runtime:
    """The runtime of WeChat Pay; ``performers`` are the functions for due tasks, by class of task."""

    def __init__(self, world: World, performers: Performers) -> None:
        self.world = world
        self.performers = performers
        self.schedule = Schedule()
        self.limiter = CapacityLimiter(AT_ONCE)
        self.tasks: set[asyncio.Task[None]] = set()
        self.counted = Rates()
        self.downloads: Recent[str, Download] = Recent(LINK_LIFE)
        self.nonces: Recent[tuple[str, str], Merchant] = Recent(2 * WINDOW)

    @property
    def state(self) -> PayState:
        return self.world.state.pay

    @property
    def rates(self) -> Rates:
        return self.counted.of(self.state)

    @property
    def signing_now(self) -> float:
        """Returns the time for signatures: the real one (clients verify by it), or the world's if set so."""
        return self.world.now if self.world.settings.sign_with_clock else time.time()

    def probe(self) -> str:
        """Returns "probe" now and then, for a deliberately invalid signature (pay reference 2.3), else ""."""
        share = self.state.settings.probe_share
        return "probe" if share and secrets.randbelow(10_000) < share * 10_000 else ""

    def record_nonce(self, merchant: Merchant, nonce: str, now: float) -> None:
        """Records a nonce. Raises SIGN_ERROR for a reused one, if the merchant's settings say so."""
        if not merchant.refuse_reused_nonces:
            return
        key = merchant.mchid, nonce
        if self.nonces.find(key, now):
            raise PayError("SIGN_ERROR", texts.NONCE_USED)
        self.nonces.add(key, merchant, now)

    def plan(self, task: Task) -> None:
        """Schedules a task for its due time."""
        self.schedule.of(self.state).add(task)

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            for task in self.schedule.of(self.state).pop_due(self.world.now):
                self.start(task)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), TICK)

    async def settle(self) -> None:
        """Runs all tasks that are due now, and those that result from them."""
        while True:
            for task in self.schedule.of(self.state).pop_due(self.world.now):
                self.start(task)
            if not self.tasks:
                return
            await asyncio.gather(*self.tasks)

    def start(self, task: Task) -> None:
        running = asyncio.create_task(self.perform(task))
        self.tasks.add(running)
        running.add_done_callback(self.tasks.discard)

    async def perform(self, task: Task) -> None:
        await self.performers[type(task)](self, task)
