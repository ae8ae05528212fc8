"""The application: configuration, phone and platform on one port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from simulator import api, config, phone, pictures, saving
from simulator.api.door import ApiDoor
from simulator.push import Pusher
from simulator.world import World

SAVE_EVERY = 10.0


def create(world: World, state_file: Path | None = None) -> Starlette:
    """With a state file, the world is written there every ten seconds when it changed, and at the end."""
    assert api.TOPICS
    pusher = Pusher(world)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        saver = asyncio.create_task(keep_saved(world, state_file)) if state_file else None
        yield
        world.live.close()
        if saver and state_file:
            saver.cancel()
            saving.write(state_file, world.state)

    routes = [
        Mount("/_sim", routes=config.routes(world, pusher)),
        *pictures.routes(world),
        *phone.routes(world, pusher),
        Route("/{path:path}", ApiDoor(world, pusher)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def keep_saved(world: World, path: Path) -> None:
    saved = world.changes
    while True:
        await asyncio.sleep(SAVE_EVERY)
        if world.changes != saved:
            saved = world.changes
            saving.write(path, world.state)
