"""Template messages, as far as sending goes (WeChat reference 9.3)."""

from __future__ import annotations

from typing import Any

from simulator.api.calls import OK, Answer, Call, api, verified_service
from simulator.errors import ApiError
from simulator.world import Follower

REPEAT_SECONDS = 600


@api("POST", "/cgi-bin/message/template/send", right=verified_service)
def send(call: Call) -> Answer:
    """Accepts a message and reports its delivery a moment later with TEMPLATESENDJOBFINISH."""
    follower = call.account.follower(call.text("touser", 40003))
    template = call.text("template_id", 40037)
    data = call.object("data")
    if not follower.subscribed:
        raise ApiError(43004)
    check_data(data)
    if earlier := sent_before(call, follower):
        return {**OK, "msgid": earlier}
    msgid = call.world.message_id()
    remember(call, follower, msgid)
    names = ("url", "miniprogram")
    content = {"template_id": template, "data": data, "msgid": msgid}
    content |= {name: call.body[name] for name in names if call.body.get(name)}
    call.world.write(call.account, follower.openid, "account", "template", "template", content)
    finished = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid, "Status": "success"}
    call.pusher.report_later(call.account, follower.openid, finished)
    return {**OK, "msgid": msgid}


def check_data(data: dict[str, Any]) -> None:
    for name, field in data.items():
        if not isinstance(field, dict) or str(field.get("value", "")) == "":
            raise ApiError(47003, f"data.{name}.value")


def sent_before(call: Call, follower: Follower) -> int | None:
    """The msgid the same client_msg_id was given in the last ten minutes."""
    key = guard(call, follower)
    msgid, at = call.account.template_sends.get(key, [0, 0]) if key else (0, 0)
    return msgid if msgid and call.world.now - at < REPEAT_SECONDS else None


def remember(call: Call, follower: Follower, msgid: int) -> None:
    if key := guard(call, follower):
        call.account.template_sends[key] = [msgid, int(call.world.now)]


def guard(call: Call, follower: Follower) -> str:
    own = call.body.get("client_msg_id")
    return f"{follower.openid} {own}" if own else ""
