"""The ASGI application: configuration, phone and platform on one port."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from simulator import (
    api,
    component_control_api,
    component_page,
    control_api,
    menu_actions,
    openapi,
    phone,
    phone_menus,
    pictures,
    profiles,
    saving,
    webview,
)
from simulator.api.gateway import ApiGateway
from simulator.component_control_api import ComponentRoutes
from simulator.component_push import ComponentPusher
from simulator.pay import control_api as pay_control_api
from simulator.pay import control_people
from simulator.pay import routes as pay_routes
from simulator.pay.control_api import PayRoutes
from simulator.pay.control_people import PeopleRoutes
from simulator.pay.performers import PERFORMERS
from simulator.pay.runtime import Runtime
from simulator.push import Pusher
from simulator.world import World

SAVE_EVERY = 10.0


def create(world: World, state_file: Path | None = None) -> Starlette:
    """Returns the application.

    With a state file, a changed world is written to it every ten seconds, and at the end.
    """
    assert api.TOPICS
    assert menu_actions.TAPS
    pusher, runtime = Pusher(world), Runtime(world, PERFORMERS)
    events = ComponentPusher(world, pusher)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        working = [
            asyncio.create_task(runtime.run(stopping)),
            asyncio.create_task(events.run(stopping)),
        ]
        saver = asyncio.create_task(save_repeatedly(world, state_file, stopping)) if state_file else None
        yield
        world.live.close()
        stopping.set()
        await asyncio.gather(*working)
        if saver:
            await saver

    pay_table = (*PayRoutes(runtime).table, *PeopleRoutes(runtime).table)
    described = [
        *control_api.operations(control_api.TABLE, control_api.BODIES),
        *control_api.operations(pay_table, {**pay_control_api.BODIES, **control_people.BODIES}),
    ]
    component_table = ComponentRoutes(events).table
    described += control_api.operations(component_table, component_control_api.BODIES)
    control = [
        *control_api.routes(world, pusher),
        *control_api.routes(world, pusher, component_table),
        *control_api.routes(world, pusher, pay_table),
        *openapi.routes(described),
        Route("/", openapi.index),
    ]
    routes = [
        *webview.routes(world, events),
        *component_page.routes(world, events),
        Route("/_sim", openapi.index),
        Mount("/_sim", routes=control),
        *pay_routes.routes(runtime),
        *pictures.routes(world),
        *profiles.routes,
        *phone_menus.routes(world, pusher),
        *phone.routes(world, pusher),
        Route("/{path:path}", ApiGateway(world, pusher)),
    ]
    return Starlette(routes=routes, lifespan=lifespan)


async def save_repeatedly(world: World, path: Path, stopping: asyncio.Event) -> None:
    """Saves a changed world repeatedly, in a thread, because a world of 100,000 followers takes a second.

    Saves it at the end as well. Writing takes at most a tenth of the time, however large the world is.
    """
    saved, pause = world.changes, SAVE_EVERY
    while not stopping.is_set():
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)
        if world.changes != saved or stopping.is_set():
            saved, began = world.changes, time.monotonic()
            await asyncio.to_thread(saving.write, path, world.state)
            pause = max(SAVE_EVERY, 9 * (time.monotonic() - began))
