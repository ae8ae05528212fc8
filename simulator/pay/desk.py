"""Where WeChat Pay is found: the platform's addresses and the tests'."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from simulator.config import endpoint
from simulator.pay import bills, orders, platform, refunds, sheet
from simulator.pay.config import PayRoutes
from simulator.pay.door import PayDoor
from simulator.pay.office import Office
from simulator.pay.v2_door import V2Door
from simulator.push import Pusher
from simulator.world import World

TOPICS = (bills, orders, platform, refunds)


def routes(office: Office) -> list[BaseRoute]:
    """Every module of TOPICS has registered its calls by now."""
    old = V2Door(office)
    return [
        *sheet.routes(office),
        Route("/v3/{path:path}", PayDoor(office)),
        Route("/pay/{path:path}", old),
        Route("/secapi/{path:path}", old),
    ]


def sim_routes(world: World, pusher: Pusher, office: Office) -> list[Route]:
    table = PayRoutes(office).table
    return [
        Route(path, endpoint(world, pusher, handler), methods=[method]) for method, path, handler in table
    ]
