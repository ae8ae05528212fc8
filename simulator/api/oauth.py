"""The API of web OAuth: user tokens and profiles (WeChat reference 13.2 to 13.5)."""

from __future__ import annotations

from typing import Any

from simulator import profiles
from simulator.api.calls import OK, Answer, Call, api
from simulator.errors import ApiError
from simulator.logins import UserToken
from simulator.signing import same
from simulator.world import union


@api("GET", "/sns/oauth2/access_token", by="secret")
def access_token(call: Call) -> Answer:
    check_secret(call)
    return exchange(call)


def exchange(call: Call) -> Answer:
    """Exchanges a code for a token; only its requester, the account or a component, can do so."""
    if call.query.get("grant_type") != "authorization_code":
        raise ApiError(40002)
    if not call.query.get("code"):
        raise ApiError(41008)
    now = call.world.now
    component = call.component.appid if call.component else ""
    code = call.account.logins.spend(call.query["code"], "oauth", now, component)
    value, token = call.account.logins.new_token(code.person, code.openid, code.scope, now)
    answer = given(call, value, token)
    if code.scope == "snsapi_userinfo":
        answer |= union(call.account, code.person)
    return {**answer, "is_snapshotuser": 1} if code.snapshot else answer


@api("GET", "/sns/oauth2/refresh_token", by="secret")
def refresh_token(call: Call) -> Answer:
    return refresh(call)


def refresh(call: Call) -> Answer:
    if call.query.get("grant_type") != "refresh_token":
        raise ApiError(40002)
    if not call.query.get("refresh_token"):
        raise ApiError(41003)
    value, token = call.account.logins.refreshed(call.query["refresh_token"], call.world.now)
    return given(call, value, token)


@api("GET", "/sns/userinfo", by="user")
def userinfo(call: Call) -> Answer:
    token = checked(call)
    if token.scope != "snsapi_userinfo":
        raise ApiError(48001)
    empty: dict[str, Any] = {"sex": 0, "province": "", "city": "", "country": "", "privilege": []}
    face = f"{call.world.addresses.api}/mmopen/{token.openid}/132"
    known = {"openid": token.openid, "nickname": profiles.name_of(token.person), "headimgurl": face}
    return {**known, **empty, **union(call.account, token.person)}


@api("GET", "/sns/auth", by="user")
def auth(call: Call) -> Answer:
    checked(call)
    return OK


def check_secret(call: Call) -> None:
    if not call.query.get("secret"):
        raise ApiError(41004)
    if not same(str(call.query["secret"]), call.account.secret):
        raise ApiError(40125)


def checked(call: Call) -> UserToken:
    token, openid = call.query.get("access_token", ""), call.query.get("openid", "")
    return call.account.logins.checked(token, openid, call.world.now)


def given(call: Call, value: str, token: UserToken) -> dict[str, Any]:
    return {
        "access_token": value,
        "expires_in": int(token.ends_at - call.world.now),
        "refresh_token": token.refresh,
        "openid": token.openid,
        "scope": token.scope,
    }
