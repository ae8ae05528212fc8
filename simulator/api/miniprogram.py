"""The API of mini programs: login, phone number, state of the session (WeChat reference 14)."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from simulator.api.calls import OK, Answer, Call, api
from simulator.api.oauth import check_secret
from simulator.errors import ApiError
from simulator.miniprograms import phone_number
from simulator.signing import same
from simulator.world import Account, union


def mini_program(account: Account) -> bool:
    return account.kind == "miniprogram"


@api("GET", "/sns/jscode2session", right=mini_program, by="secret")
def session(call: Call) -> Answer:
    check_secret(call)
    return exchange(call)


def exchange(call: Call) -> Answer:
    if call.query.get("grant_type") != "authorization_code":
        raise ApiError(40002)
    if not call.query.get("js_code"):
        raise ApiError(41008)
    code = call.account.logins.spend(call.query["js_code"], "login", call.world.now)
    key = call.account.logins.new_session(code.person, code.openid)
    return {"openid": code.openid, "session_key": key, **union(call.account, code.person)}


@api("POST", "/wxa/business/getuserphonenumber", right=mini_program)
def phone(call: Call) -> Answer:
    code = call.account.logins.spend(call.text("code", 40029), "phone", call.world.now)
    return {**OK, "phone_info": phone_number(call.account, code.person, call.world.now)}


@api("GET", "/wxa/resetusersessionkey", right=mini_program)
def reset(call: Call) -> Answer:
    """Creates a new session key, which invalidates the old one."""
    check(call)
    openid = call.query["openid"]
    person = call.account.logins.sessions[openid].person
    return {**OK, "openid": openid, "session_key": call.account.logins.new_session(person, openid)}


@api("GET", "/wxa/checksession", right=mini_program)
def check(call: Call) -> Answer:
    openid, given = call.query.get("openid", ""), call.query.get("signature", "")
    kept: Any = call.account.logins.sessions.get(openid)
    if kept is None:
        raise ApiError(40003)
    expected = hmac.new(kept.key.encode(), b"", hashlib.sha256).hexdigest()
    if call.query.get("sig_method") != "hmac_sha256" or not same(given, expected):
        raise ApiError(87009)
    return OK
