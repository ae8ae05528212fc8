"""The routes of WeChat Pay: those of the platform, and those for tests."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from simulator.pay import (
    balances,
    bills,
    code_payments,
    combined_orders,
    complaints,
    echo,
    orders,
    partner_orders,
    platform,
    refunds,
    sharing,
    sharing_receivers,
    sharing_returns,
    sheet,
    transfers,
    v2_micropay,
    v2_orders,
    v2_payouts,
    v2_red_packets,
    v2_refunds,
)
from simulator.pay.gateway import PayGateway
from simulator.pay.runtime import Runtime
from simulator.pay.v2_gateway import V2Gateway

TOPICS = (
    balances, bills, code_payments, combined_orders, complaints, echo, orders, partner_orders, platform,
    refunds, sharing, sharing_receivers, sharing_returns, transfers,
)  # fmt: skip
OLD_TOPICS = (v2_micropay, v2_orders, v2_payouts, v2_red_packets, v2_refunds)
OLD_PATHS = ("/pay", "/secapi", "/mmpaymkttransfers")


def routes(runtime: Runtime) -> list[BaseRoute]:
    """Returns the routes; all modules of TOPICS and OLD_TOPICS have registered their calls on import."""
    old = V2Gateway(runtime)
    return [
        *sheet.routes(runtime),
        Route("/v3/{path:path}", PayGateway(runtime)),
        *(Route(f"{path}/{{path:path}}", old) for path in OLD_PATHS),
    ]
