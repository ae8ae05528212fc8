"""Where WeChat Pay is found: the platform's addresses and the tests'."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from simulator.pay import balances, bills, complaints, orders, platform, refunds, sheet, transfers
from simulator.pay.gateway import PayGateway
from simulator.pay.runtime import Runtime
from simulator.pay.v2_gateway import V2Gateway

TOPICS = (balances, bills, complaints, orders, platform, refunds, transfers)


def routes(runtime: Runtime) -> list[BaseRoute]:
    """Every module of TOPICS has registered its calls by now."""
    old = V2Gateway(runtime)
    return [
        *sheet.routes(runtime),
        Route("/v3/{path:path}", PayGateway(runtime)),
        Route("/pay/{path:path}", old),
        Route("/secapi/{path:path}", old),
    ]
