"""The API of followers: the list, the profiles and the remarks (WeChat reference 6.1 to 6.4)."""

from __future__ import annotations

from typing import Any

from simulator.api.calls import OK, Answer, Call, api, verified, verified_service
from simulator.errors import ApiError
from simulator.follower_list import page
from simulator.world import Follower

BATCH = 100
REMARK_BYTES = 30
# Existing clients send the empty text, and "zh-CN" from an old example.
LANGUAGES = {"": "zh_CN", "zh_CN": "zh_CN", "zh-CN": "zh_CN", "zh_TW": "zh_TW", "en": "en"}


@api("GET", "/cgi-bin/user/get", right=verified)
def listed(call: Call) -> Answer:
    """Returns a page of openids after ``next_openid``, the oldest follower first."""
    follower_list, settings = call.world.follower_list(call.account), call.world.settings
    cursor = follower_list.before(call.query.get("next_openid", ""), settings.user_page_repeats)
    try:
        chosen = page(follower_list.after(cursor), settings.user_page_size)
    except KeyError:
        raise ApiError(40003) from None
    payload = as_page(chosen)
    if settings.user_page_skips:
        del chosen[-settings.user_page_skips :]
    if settings.user_page_reverses:
        chosen.reverse()
    return {"total": follower_list.total, **payload}


def as_page(openids: list[str]) -> dict[str, Any]:
    """Returns a page of a list; an empty one has no ``data``."""
    if not openids:
        return {"count": 0, "next_openid": ""}
    return {"count": len(openids), "data": {"openid": openids}, "next_openid": openids[-1]}


@api("GET", "/cgi-bin/user/info", right=verified)
def info(call: Call) -> Answer:
    if not call.query.get("openid"):
        raise ApiError(41009)
    return profile(call.account.follower(call.query["openid"]), call.query.get("lang", ""))


@api("POST", "/cgi-bin/user/info/batchget", right=verified)
def infos(call: Call) -> Answer:
    wanted = call.body.get("user_list")
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        raise ApiError(47001)
    if not 0 < len(wanted) <= BATCH:
        raise ApiError(40032)
    found = [
        profile(call.account.follower(str(each.get("openid"))), each.get("lang") or "") for each in wanted
    ]
    return {"user_info_list": found}


def profile(follower: Follower, language: Any) -> dict[str, Any]:
    if not isinstance(language, str) or language not in LANGUAGES:
        raise ApiError(40035)
    if not follower.subscribed:
        return {"subscribe": 0, "openid": follower.openid, "tagid_list": []}
    union = {"unionid": follower.unionid} if follower.unionid else {}
    return {
        "subscribe": 1,
        "openid": follower.openid,
        "language": LANGUAGES[language],
        "subscribe_time": follower.subscribed_at,
        "remark": follower.remark,
        "groupid": 0,
        "tagid_list": follower.tags or [],
        "subscribe_scene": follower.subscribe_scene,
        "qr_scene": follower.qr_scene,
        "qr_scene_str": follower.qr_scene_str,
        **union,
    }


@api("POST", "/cgi-bin/changeopenid", right=verified)
def change_openids(call: Call) -> Answer:
    """Returns this account's openids of people who were migrated from another account.

    Raises 40013 if the other account is unknown.
    """
    openids = call.texts("openid_list")
    call.world.account(call.text("from_appid", 40013))
    if not 0 < len(openids) <= BATCH:
        raise ApiError(40032)
    moved = call.account.moved
    found = [
        {"ori_openid": each, "new_openid": moved[each], "err_msg": "ok"}
        if each in moved
        else {"ori_openid": each, "err_msg": "ori_openid error"}
        for each in openids
    ]
    return {**OK, "result_list": found}


@api("POST", "/cgi-bin/user/info/updateremark", right=verified_service)
def remark(call: Call) -> Answer:
    follower = call.account.follower(call.text("openid", 41009))
    text = call.body.get("remark")
    if not isinstance(text, str):
        raise ApiError(47001)
    if len(text.encode()) >= REMARK_BYTES:
        raise ApiError(40092)
    if not follower.subscribed:
        raise ApiError(43004)
    follower.remark = text
    return OK
