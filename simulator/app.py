"""The application: configuration, phone and platform on one port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from simulator import api, config, phone, pictures, saving
from simulator.api.door import ApiDoor
from simulator.pay import desk
from simulator.pay.office import Office
from simulator.push import Pusher
from simulator.world import World

SAVE_EVERY = 10.0


def create(world: World, state_file: Path | None = None) -> Starlette:
    """With a state file, the world is written there every ten seconds when it changed, and at the end."""
    assert api.TOPICS
    pusher, office = Pusher(world), Office(world)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        working = asyncio.create_task(office.run(stopping))
        saver = asyncio.create_task(keep_saved(world, state_file, stopping)) if state_file else None
        yield
        world.live.close()
        stopping.set()
        await working
        if saver:
            await saver

    routes = [
        Mount("/_sim", routes=[*config.routes(world, pusher), *desk.sim_routes(world, pusher, office)]),
        *desk.routes(office),
        *pictures.routes(world),
        *phone.routes(world, pusher),
        Route("/{path:path}", ApiDoor(world, pusher)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def keep_saved(world: World, path: Path, stopping: asyncio.Event) -> None:
    """Writes in a thread, because a world of 100,000 followers takes a second; the last time always."""
    saved = world.changes
    while not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), SAVE_EVERY)
        if world.changes != saved or stopping.is_set():
            saved = world.changes
            await asyncio.to_thread(saving.write, path, world.state)
