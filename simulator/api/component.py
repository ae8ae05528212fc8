"""The Open Platform's API for components: their tokens, and the accounts that authorised them."""

from __future__ import annotations

from typing import Any

from simulator.api.calls import OK, Answer, Call, api
from simulator.api.mass import day_of
from simulator.api.tokens import listed
from simulator.authorizations import new_access_token
from simulator.components import PRE_AUTH_LIFE, Authorization, Component
from simulator.errors import ApiError
from simulator.signing import same
from simulator.world import Account

MOST_LISTED = 500
SERVICE_TYPES = {"subscription": 0, "service": 2, "miniprogram": 0}
# The allowed values of each option, by its name; the first is the default of a new account.
OPTIONS = {
    "location_report": ("0", "1", "2"),
    "voice_recognize": ("0", "1"),
    "customer_service": ("0", "1"),
}
BUSINESS = {"open_pay": 0, "open_shake": 0, "open_scan": 0, "open_card": 0, "open_store": 0}


@api("POST", "/cgi-bin/component/api_component_token", by="nobody")
def component_token(call: Call) -> Answer:
    component = owned(call, "component_appsecret")
    component.check_ticket(str(call.body.get("component_verify_ticket") or ""), call.world.now)
    component.quotas.spend(call.api, call.world.state.clock.day(), call.world.state.clock.minute())
    token = component.tokens.new_classic(call.world.now)
    return {"component_access_token": token.value, "expires_in": round(token.ends_at - call.world.now)}


@api("POST", "/cgi-bin/component/api_start_push_ticket", by="nobody")
def start_push_ticket(call: Call) -> Answer:
    """Resumes sending verify tickets to a component, the first one immediately."""
    component = owned(call, "component_secret")
    if component.pushes_tickets:
        return {"errcode": 0, "errmsg": "in a normal state"}
    component.pushes_tickets, component.ticket_pushed_at = True, 0.0
    return OK


@api("POST", "/cgi-bin/component/api_create_preauthcode", by="component")
def pre_auth_code(call: Call) -> Answer:
    code = own(call).new_pre_auth_code(call.world.now)
    return {"pre_auth_code": code, "expires_in": PRE_AUTH_LIFE}


@api("POST", "/cgi-bin/component/api_query_auth", by="component")
def query_auth(call: Call) -> Answer:
    component = own(call)
    appid = component.spend_code(call.text("authorization_code", 61009), call.world.now)
    found = component.authorization(appid)
    token = new_access_token(call.world, component, appid)
    known = {"authorizer_access_token": token.value, "expires_in": round(token.ends_at - call.world.now)}
    return {"authorization_info": {**authorization_info(appid, found), **known}}


@api("POST", "/cgi-bin/component/api_authorizer_token", by="component")
def authorizer_token(call: Call) -> Answer:
    component, account = own(call), authorizer(call)
    found = component.authorization(account.appid)
    if not same(call.text("authorizer_refresh_token", 61023), found.refresh_token):
        raise ApiError(61023)
    token = new_access_token(call.world, component, account.appid)
    return {
        "authorizer_access_token": token.value,
        "expires_in": round(token.ends_at - call.world.now),
        "authorizer_refresh_token": found.refresh_token,
    }


@api("POST", "/cgi-bin/component/api_get_authorizer_info", by="component")
def authorizer_info(call: Call) -> Answer:
    component, account = own(call), authorizer(call)
    found = component.authorization(account.appid)
    return {
        "authorizer_info": described(call, account),
        "authorization_info": authorization_info(account.appid, found),
    }


@api("POST", "/cgi-bin/component/api_get_authorizer_list", by="component")
def authorizer_list(call: Call) -> Answer:
    component, offset, count = own(call), call.number("offset"), call.number("count")
    if offset < 0 or not 0 < count <= MOST_LISTED:
        raise ApiError(40097)
    known = list(component.authorizations.items())
    page = [
        {"authorizer_appid": appid, "refresh_token": each.refresh_token, "auth_time": each.authorized_at}
        for appid, each in known[offset : offset + count]
    ]
    return {"total_count": len(known), "list": page}


@api("POST", "/cgi-bin/component/api_get_authorizer_option", by="component")
def get_option(call: Call) -> Answer:
    account, name = authorized(call), option_name(call)
    value = account.options.get(name, OPTIONS[name][0])
    return {"authorizer_appid": account.appid, "option_name": name, "option_value": value}


@api("POST", "/cgi-bin/component/api_set_authorizer_option", by="component")
def set_option(call: Call) -> Answer:
    account, name = authorized(call), option_name(call)
    value = str(call.body.get("option_value", ""))
    if value not in OPTIONS[name]:
        raise ApiError(61013)
    account.options[name] = value
    return OK


@api("POST", "/cgi-bin/component/clear_quota", by="component")
def clear_quota(call: Call) -> Answer:
    own(call).quotas.clear_all(day_of(call.world)[:7])
    return OK


def owned(call: Call, secret: str) -> Component:
    """Returns the component whose owner calls.

    Raises 41018, 40013, 41004 or 40125, or 61004 if the IP address is not listed.
    """
    appid = call.body.get("component_appid")
    if not appid:
        raise ApiError(41018)
    component = call.world.state.components.get(str(appid))
    if component is None:
        raise ApiError(40013)
    if not call.body.get(secret):
        raise ApiError(41004)
    if not same(str(call.body[secret]), component.secret):
        raise ApiError(40125)
    if component.ip_whitelist and not listed(call.client_ip, component.ip_whitelist):
        raise ApiError(61004)
    return component


def own(call: Call) -> Component:
    """Returns the calling component. Raises 41018 or 61011 if the body names none, or another one."""
    appid = call.body.get("component_appid")
    if not appid:
        raise ApiError(41018)
    if call.component is None or appid != call.component.appid:
        raise ApiError(61011)
    return call.component


def authorizer(call: Call) -> Account:
    """Returns the account that a call names as the authorizer. Raises 40013 if the AppID is unknown."""
    return call.world.account(call.text("authorizer_appid", 40013))


def authorized(call: Call) -> Account:
    """Returns the account that a call names. Raises 61003 if it did not authorise the component."""
    component, account = own(call), authorizer(call)
    component.authorization(account.appid)
    return account


def option_name(call: Call) -> str:
    name = str(call.body.get("option_name", ""))
    if name not in OPTIONS:
        raise ApiError(61012)
    return name


def authorization_info(appid: str, found: Authorization) -> dict[str, Any]:
    return {
        "authorizer_appid": appid,
        "authorizer_refresh_token": found.refresh_token,
        "func_info": [{"funcscope_category": {"id": number}} for number in found.permissions],
    }


def described(call: Call, account: Account) -> dict[str, Any]:
    info: dict[str, Any] = {
        "nick_name": account.name,
        "head_img": f"{call.world.addresses.api}/mmopen/{account.appid}/0",
        "service_type_info": {"id": SERVICE_TYPES[account.kind]},
        "verify_type_info": {"id": 0 if account.verified else -1},
        "user_name": account.original_id,
        "principal_name": account.name,
        "alias": "",
        "business_info": BUSINESS,
        "qrcode_url": f"{call.world.addresses.mp}/mmbiz_qr/{account.appid}",
        "signature": "",
        "account_status": 1,
    }
    if account.kind == "miniprogram":
        domains: dict[str, list[str]] = {
            f"{name}Domain": [] for name in ("Request", "WsRequest", "Upload", "Download")
        }
        info["MiniProgramInfo"] = {"network": domains, "categories": [], "visit_status": 0}
    return info
