"""The API of content checks. Content with one of the risky words of the settings is risky."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlsplit

from simulator.api.calls import OK, Answer, Call, api
from simulator.api.media import uploaded
from simulator.errors import ApiError

LARGEST_PICTURE = 1024 * 1024
LONGEST_TEXT = 2_500
SCENES = (1, 2, 3, 4)
AUDIO, IMAGE = 1, 2
NORMAL, ILLEGAL = 100, 20_001


def is_risky(call: Call, content: bytes) -> bool:
    return any(word and word.encode() in content for word in call.world.settings.risky_words)


@api("POST", "/wxa/msg_sec_check")
def text(call: Call) -> Answer:
    """Checks a text: version 1 refuses a risky text with 87014, version 2 answers with a suggestion."""
    content = call.text("content", 44004)
    if len(content) > LONGEST_TEXT:
        raise ApiError(45002)
    risky = is_risky(call, content.encode())
    if call.body.get("version") != 2:
        if risky:
            raise ApiError(87014)
        return OK
    call.account.follower(call.text("openid", 40003))
    if call.body.get("scene") not in SCENES:
        raise ApiError(40097)
    return {**OK, **judged(risky=risky)}


def judged(*, risky: bool) -> dict[str, Any]:
    result = {"suggest": "risky" if risky else "pass", "label": ILLEGAL if risky else NORMAL}
    detail = [{"strategy": "content_model", "errcode": 0, **result, "prob": 90}]
    return {"result": result, "detail": detail, "trace_id": new_trace()}


def new_trace() -> str:
    digits = secrets.token_hex(16)
    return f"{digits[:8]}-{digits[8:16]}-{digits[16:24]}"


@api("POST", "/wxa/img_sec_check", upload=True)
async def picture(call: Call) -> Answer:
    _, data = await uploaded(call)
    if len(data) > LARGEST_PICTURE:
        raise ApiError(40006)
    if is_risky(call, data):
        raise ApiError(87014)
    return OK


@api("POST", "/wxa/media_check_async")
def media(call: Call) -> Answer:
    """Checks a picture or a voice by its URL only, because the simulator does not fetch it.

    The result is sent as the event wxa_media_check.
    """
    url, kind = call.text("media_url", 40066), call.body.get("media_type")
    if urlsplit(url).scheme not in ("http", "https"):
        raise ApiError(40066)
    if kind not in (AUDIO, IMAGE):
        raise ApiError(40097)
    answer = judged(risky=is_risky(call, url.encode()))
    openid = str(call.body.get("openid", ""))
    event = {
        "Event": "wxa_media_check",
        "appid": call.account.appid,
        "trace_id": answer["trace_id"],
        "version": 2,
        "detail": answer["detail"],
        "errcode": 0,
        "errmsg": "ok",
        "result": answer["result"],
    }
    call.pusher.report_later(call.account, openid, event)
    return {**OK, "trace_id": answer["trace_id"]}
