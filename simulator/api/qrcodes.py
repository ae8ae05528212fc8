"""QR codes with parameters (WeChat reference 7.1)."""

from __future__ import annotations

import secrets
from typing import Any

from simulator.api.calls import Answer, Call, api, verified_service
from simulator.errors import ApiError
from simulator.world import QrCode

LONGEST = 30 * 86_400
SHORTEST = 60
PERMANENT = 100_000
LARGEST_ID = {"QR_SCENE": 2**32 - 1, "QR_LIMIT_SCENE": 100_000}
ACTIONS = ("QR_SCENE", "QR_STR_SCENE", "QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE")


@api("POST", "/cgi-bin/qrcode/create", right=verified_service)
def create(call: Call) -> Answer:
    action = call.body.get("action_name")
    if action not in ACTIONS:
        raise ApiError(40052)
    scene = scene_of(action, call.body.get("action_info"))
    ticket, short = (
        f"gQ{secrets.token_urlsafe(60)}==",
        f"http://weixin.qq.com/q/02{secrets.token_urlsafe(12)}",
    )
    answer: dict[str, Any] = {"ticket": ticket}
    ends_at = None
    if "LIMIT" in action:
        check_room(call)
    else:
        seconds = call.whole("expire_seconds", SHORTEST, 40053)
        if not 1 <= seconds <= LONGEST:
            raise ApiError(40053)
        ends_at, answer["expire_seconds"] = call.world.now + seconds, seconds
    call.account.qrcodes[ticket] = QrCode(ticket, scene, short, ends_at)
    return {**answer, "url": short}


def scene_of(action: str, info: Any) -> int | str:
    """Returns the scene of a code.

    Raises 40053 when its field is absent, of the wrong type or out of range.
    """
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise ApiError(40053)
    if action in LARGEST_ID:
        number = scene.get("scene_id")
        if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= LARGEST_ID[action]:
            return number
    else:
        text = scene.get("scene_str")
        if isinstance(text, str) and 1 <= len(text) <= 64:
            return text
    raise ApiError(40053)


def check_room(call: Call) -> None:
    if sum(code.ends_at is None for code in call.account.qrcodes.values()) >= PERMANENT:
        raise ApiError(45029)
