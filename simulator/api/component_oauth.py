"""The API of web OAuth and mini program logins by a component, for an account that authorised it."""

from __future__ import annotations

from simulator.api import miniprogram, oauth
from simulator.api.calls import Answer, Call, api
from simulator.errors import ApiError
from simulator.permissions import WEB_PAGES


@api("GET", "/sns/oauth2/component/access_token", by="component")
def access_token(call: Call) -> Answer:
    use_authorizer(call, WEB_PAGES)
    return oauth.exchange(call)


@api("GET", "/sns/oauth2/component/refresh_token", by="component")
def refresh_token(call: Call) -> Answer:
    use_authorizer(call, WEB_PAGES)
    return oauth.refresh(call)


@api("GET", "/sns/component/jscode2session", by="component")
def session(call: Call) -> Answer:
    use_authorizer(call)
    return miniprogram.exchange(call)


def use_authorizer(call: Call, permission: int | None = None) -> None:
    """Sets the account of a call by its ``appid``. Raises 41018, 61011, 41002, 40013, 61003 or 61007."""
    component, appid = call.component, call.query.get("component_appid")
    if not appid:
        raise ApiError(41018)
    if component is None or appid != component.appid:
        raise ApiError(61011)
    if not call.query.get("appid"):
        raise ApiError(41002)
    call.account = call.world.account(call.query["appid"])
    found = component.authorization(call.account.appid)
    if permission is not None and permission not in found.permissions:
        raise ApiError(61007)
