"""The API of previews of mass messages (WeChat reference 11)."""

from __future__ import annotations

from simulator.api.calls import OK, Answer, Call, api, verified
from simulator.api.customer_service import check_text
from simulator.errors import ApiError
from simulator.quotas import PREVIEWS_BY_WECHAT_ID

FILES = {"image": "image", "voice": "voice", "mpvideo": "video"}
KINDS = ("mpnews", "text", "image", "voice", "music", "mpvideo", "wxcard")


@api("POST", "/cgi-bin/message/mass/preview", right=verified)
def preview(call: Call) -> Answer:
    """Sends one person a preview of a mass message, by openid or WeChat id.

    A WeChat id stands for nobody the simulator knows: such a message only gets a number. Raises 43004 for
    somebody who left, 45009 for the 101st WeChat id of a day.
    """
    kind = call.body.get("msgtype")
    if kind not in KINDS:
        raise ApiError(40008)
    content = dict(call.object(str(kind)))
    if kind == "text":
        check_text(call, content)
    if kind in FILES:
        call.account.find_media(str(content.get("media_id")), call.world.now, FILES[str(kind)])
    if kind == "mpnews":
        draft = call.account.newsroom.drafts.get(str(content.get("media_id")))
        if draft is None:
            raise ApiError(40007)
        content["articles"] = draft.articles
    if call.body.get("towxname"):
        clock = call.world.state.clock
        call.account.quotas.spend(PREVIEWS_BY_WECHAT_ID, clock.day(), clock.minute())
        return {**OK, "msg_id": call.world.message_id()}
    follower = call.account.follower(call.text("touser", 40003))
    if not follower.subscribed:
        raise ApiError(43004)
    call.world.write(call.account, follower.openid, "account", "preview", str(kind), content)
    return {**OK, "msg_id": call.world.message_id()}
