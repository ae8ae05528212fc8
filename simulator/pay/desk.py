"""Where WeChat Pay is found: the platform's addresses and the tests'."""

from __future__ import annotations

from starlette.routing import Route

from simulator.config import endpoint
from simulator.pay import orders, platform, refunds
from simulator.pay.config import PayRoutes
from simulator.pay.door import PayDoor
from simulator.pay.office import Office
from simulator.push import Pusher
from simulator.world import World

TOPICS = (orders, platform, refunds)


def routes(office: Office) -> list[Route]:
    """Every module of TOPICS has registered its calls by now."""
    return [Route("/v3/{path:path}", PayDoor(office))]


def sim_routes(world: World, pusher: Pusher, office: Office) -> list[Route]:
    table = PayRoutes(office).table
    return [
        Route(path, endpoint(world, pusher, handler), methods=[method]) for method, path, handler in table
    ]
