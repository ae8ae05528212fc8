"""The API of the account: addresses, network check, quotas, auto-replies (WeChat reference 4.3 to 4.6)."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from simulator.api.calls import ENDPOINTS, OK, Answer, Call, api
from simulator.api.mass import day_of
from simulator.errors import ApiError
from simulator.signing import same

ACTIONS = ("dns", "ping", "all")
OPERATORS = ("CHINANET", "UNICOM", "CAP", "DEFAULT")
CONNECT_SECONDS = 1.0
RID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}")
RID_LIFE = 7 * 86_400


@api("GET", "/cgi-bin/get_api_domain_ip")
def api_addresses(call: Call) -> Answer:
    return {"ip_list": ["203.0.113.10", "203.0.113.11"]}


@api("GET", "/cgi-bin/getcallbackip")
def callback_addresses(call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1", "203.0.113.64/26"]}


@api("POST", "/cgi-bin/callback/check")
async def callback_check(call: Call) -> Answer:
    """Tests the connection to the callback address; an unreachable one is reported with 100% packet loss."""
    action = call.body.get("action")
    if action not in ACTIONS:
        raise ApiError(40202)
    if call.body.get("check_operator") not in OPERATORS:
        raise ApiError(40203)
    if not call.account.callback_url:
        raise ApiError(40201)
    address, ms = await measure_connection(call.account.callback_url)
    dns = [{"ip": address, "real_operator": "UNICOM"}] if address else []
    lost = "100%" if ms is None else "0%"
    ping = [{"ip": address, "from_operator": "UNICOM", "package_loss": lost, "time": f"{ms or 0:.3f}ms"}]
    found: dict[str, list[dict[str, Any]]] = {"dns": dns, "ping": ping}
    return found if action == "all" else {action: found[action]}


async def measure_connection(url: str) -> tuple[str, float | None]:
    """Returns the IP address (or host) of a URL, and the connection time in ms (None: unreachable)."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    started = time.perf_counter()
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
    except (OSError, TimeoutError):
        return host, None
    address = str(writer.get_extra_info("peername")[0])
    writer.close()
    return address, (time.perf_counter() - started) * 1000


def quota_api(call: Call) -> str:
    """Returns the API whose quota is requested. Raises 76021 for an unknown API, 76022 for one of OAuth."""
    path = call.text("cgi_path", 76021)
    if path.startswith("/sns/"):
        raise ApiError(76022)
    if path not in ENDPOINTS:
        raise ApiError(76021)
    return path


@api("POST", "/cgi-bin/openapi/quota/clear")
def clear_one_quota(call: Call) -> Answer:
    call.account.quotas.clear(quota_api(call), day_of(call.world)[:7])
    return OK


@api("POST", "/cgi-bin/clear_quota")
def clear_quota(call: Call) -> Answer:
    """Clears all of the account's counters; ten times a month, calls by secret included."""
    if call.text("appid", 41002) != call.account.appid:
        raise ApiError(40013)
    call.account.quotas.clear_all(day_of(call.world)[:7])
    return OK


@api("POST", "/cgi-bin/clear_quota/v2", by="secret")
def clear_quota_by_secret(call: Call) -> Answer:
    """Clears all of the account's counters by its secret, even if no quota for tokens is left."""
    given = call.parameter("appsecret")
    if not given:
        raise ApiError(41004)
    if not same(given, call.account.secret):
        raise ApiError(40125)
    call.account.quotas.clear_all(day_of(call.world)[:7])
    return OK


@api("POST", "/cgi-bin/openapi/rid/get")
def request_of_rid(call: Call) -> Answer:
    rid = call.text("rid", 76001)
    if not RID.fullmatch(rid):
        raise ApiError(76002)
    record = call.world.requests.get(rid)
    if record is None:
        raise ApiError(76001)
    if record.appid != call.account.appid:
        raise ApiError(76003)
    if call.world.now - record.invoke_time > RID_LIFE:
        raise ApiError(76004)
    refused_request = asdict(record)
    del refused_request["appid"]
    return {**OK, "request": refused_request}


@api("POST", "/cgi-bin/openapi/quota/get")
def quota(call: Call) -> Answer:
    path, quotas = quota_api(call), call.account.quotas
    limit, used = (
        quotas.daily_limit(path, sandbox=call.account.sandbox),
        quotas.used_on(path, call.world.state.clock.day()),
    )
    minute = quotas.minute_limit(path)
    return {
        **OK,
        "quota": {"daily_limit": limit, "used": used, "remain": max(0, limit - used)},
        "rate_limit": {"call_count": minute, "refresh_second": 60 if minute else 0},
        "component_rate_limit": {"call_count": 0, "refresh_second": 0},
    }


@api("GET", "/cgi-bin/get_current_autoreply_info")
def autoreply(call: Call) -> Answer:
    return call.account.autoreply
