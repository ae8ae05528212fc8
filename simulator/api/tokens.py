"""The API of credentials: both kinds of access tokens, and tickets (WeChat reference 4.1, 4.2, 4.7)."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from simulator.api.calls import Answer, Call, api
from simulator.errors import ApiError
from simulator.signing import same
from simulator.tokens import Token


@api("GET", "/cgi-bin/token", by="secret")
def classic_token(call: Call) -> Answer:
    check_owner(call, call.query)
    return given(call, call.account.tokens.new_classic(call.world.now))


@api("POST", "/cgi-bin/stable_token", by="secret")
def stable_token(call: Call) -> Answer:
    check_owner(call, call.body)
    tokens, world = call.account.tokens, call.world
    if call.body.get("force_refresh") is True:
        return given(call, tokens.forced_stable(world.now, world.state.clock.day()))
    return given(call, tokens.current_stable(world.now))


@api("GET", "/cgi-bin/ticket/getticket")
def ticket(call: Call) -> Answer:
    kind = call.query.get("type", "jsapi")
    if kind not in ("jsapi", "wx_card"):
        raise ApiError(40097)
    ticket = call.account.tokens.ticket(kind, call.world.now)
    left = int(ticket.ends_at - call.world.now)
    return {"errcode": 0, "errmsg": "ok", "ticket": ticket.value, "expires_in": left}


def check_owner(call: Call, given: Mapping[str, Any]) -> None:
    """Checks that a token is requested with the account's secret, and from a listed IP address.

    Raises 40002, 41004, 40125 or 40164 otherwise.
    """
    if given.get("grant_type") != "client_credential":
        raise ApiError(40002)
    if not given.get("secret"):
        raise ApiError(41004)
    if not same(str(given["secret"]), call.account.secret):
        raise ApiError(40125)
    if call.account.ip_whitelist and not listed(call.client_ip, call.account.ip_whitelist):
        raise ApiError(40164, call.client_ip)


def listed(address: str, whitelist: list[str]) -> bool:
    return any(ip_address(address) in ip_network(entry, strict=False) for entry in whitelist)


def given(call: Call, token: Token) -> Answer:
    call.world.by_token[token.value] = call.account.appid
    return {"access_token": token.value, "expires_in": round(token.ends_at - call.world.now)}
