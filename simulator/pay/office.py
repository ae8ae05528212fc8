"""WeChat Pay at work: it finishes refunds and delivers notices when the platform's clock says so."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from anyio import CapacityLimiter

from simulator.pay import texts
from simulator.pay.agenda import Agenda, Task
from simulator.pay.authorization import WINDOW
from simulator.pay.book import Merchant, Notice, PayBook
from simulator.pay.delivery import deliver
from simulator.pay.errors import PayError
from simulator.pay.rates import Rates
from simulator.pay.refunding import finish
from simulator.world import World

if TYPE_CHECKING:
    from simulator.pay.bills import Download

AT_ONCE = 64
TICK = 0.05


class Office:
    def __init__(self, world: World) -> None:
        self.world = world
        self.agenda = Agenda()
        self.limiter = CapacityLimiter(AT_ONCE)
        self.tasks: set[asyncio.Task[None]] = set()
        self.counted = Rates()
        self.downloads: dict[str, Download] = {}
        self.nonces: dict[tuple[str, str], float] = {}

    @property
    def book(self) -> PayBook:
        return self.world.state.pay

    @property
    def rates(self) -> Rates:
        return self.counted.of(self.book)

    @property
    def signing_now(self) -> float:
        """Signatures carry the real time unless the settings say otherwise: who verifies them lives in it."""
        return self.world.now if self.world.settings.sign_with_clock else time.time()

    def probe(self) -> str:
        """Now and then a signature is wrong on purpose (pay reference 2.3)."""
        share = self.book.settings.probe_share
        return "probe" if share and secrets.randbelow(10_000) < share * 10_000 else ""

    def note_nonce(self, merchant: Merchant, nonce: str, now: float) -> None:
        """Raises SIGN_ERROR for a nonce used before, where the merchant is set up so."""
        if not merchant.refuse_reused_nonces:
            return
        key = merchant.mchid, nonce
        if self.nonces.get(key, 0.0) > now - 2 * WINDOW:
            raise PayError("SIGN_ERROR", texts.NONCE_USED)
        self.nonces[key] = now

    def plan(self, task: Task) -> None:
        """Puts something on the agenda for its due time."""
        self.agenda.of(self.book).add(task)

    async def run(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            for task in self.agenda.of(self.book).take(self.world.now):
                self.later(self.perform(task))
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), TICK)

    async def settle(self) -> None:
        """Does all that is due now, what comes of it included."""
        while True:
            for task in self.agenda.of(self.book).take(self.world.now):
                self.later(self.perform(task))
            if not self.tasks:
                return
            await asyncio.gather(*self.tasks)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        running = asyncio.create_task(work)
        self.tasks.add(running)
        running.add_done_callback(self.tasks.discard)

    async def perform(self, task: Task) -> None:
        if isinstance(task, Notice):
            await deliver(self, task)
        else:
            finish(self, *task)
