"""Followers: the list and the profiles (WeChat reference 6.1 to 6.3)."""

from __future__ import annotations

from typing import Any

from simulator.api.calls import Answer, Call, api, verified
from simulator.errors import ApiError
from simulator.world import Follower

BATCH = 100
LANGUAGES = ("zh_CN", "zh_TW", "en")


@api("GET", "/cgi-bin/user/get", right=verified)
def page(call: Call) -> Answer:
    """The openids after `next_openid`, oldest follower first."""
    openids = [each.openid for each in call.account.followers.values() if each.subscribed]
    start = after(openids, call.query.get("next_openid", ""))
    chosen = openids[start : start + call.world.settings.user_page_size]
    if not chosen:
        return {"total": len(openids), "count": 0, "next_openid": ""}
    data = {"openid": chosen}
    return {"total": len(openids), "count": len(chosen), "data": data, "next_openid": chosen[-1]}


def after(openids: list[str], cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return openids.index(cursor) + 1
    except ValueError:
        raise ApiError(40003) from None


@api("GET", "/cgi-bin/user/info", right=verified)
def info(call: Call) -> Answer:
    if not call.query.get("openid"):
        raise ApiError(41009)
    return profile(call.account.follower(call.query["openid"]), call.query.get("lang", "zh_CN"))


@api("POST", "/cgi-bin/user/info/batchget", right=verified)
def infos(call: Call) -> Answer:
    wanted = call.body.get("user_list")
    if not isinstance(wanted, list) or not all(isinstance(each, dict) for each in wanted):
        raise ApiError(47001)
    if not 0 < len(wanted) <= BATCH:
        raise ApiError(40032)
    found = [
        profile(call.account.follower(str(each.get("openid"))), each.get("lang", "zh_CN")) for each in wanted
    ]
    return {"user_info_list": found}


def profile(follower: Follower, language: str) -> dict[str, Any]:
    if language not in LANGUAGES:
        raise ApiError(40035)
    if not follower.subscribed:
        return {"subscribe": 0, "openid": follower.openid, "tagid_list": []}
    return {
        "subscribe": 1,
        "openid": follower.openid,
        "language": language,
        "subscribe_time": follower.subscribed_at,
        "remark": follower.remark,
        "groupid": 0,
        "tagid_list": follower.tags or [],
        "subscribe_scene": follower.subscribe_scene,
        "qr_scene": follower.qr_scene,
        "qr_scene_str": follower.qr_scene_str,
    }
