"""The actions of people in the chat: their effects on the world and their pushes (WeChat reference 2)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator import samples
from simulator.messages import Fields
from simulator.windows import grant
from simulator.world import Account, Follower, Media, QrCode, World

Parameters = dict[str, Any]


class ImpossibleError(Exception):
    """An error: the action is impossible on a phone; the message says why."""


@dataclass(slots=True)
class Action:
    """An action of a person.

    It has the push's specific elements, the phone's content, and the kind of messages it allows.
    """

    fields: dict[str, Any]
    content: dict[str, Any] = field(default_factory=dict)
    allows: str = ""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who acts in the chat of an account."""

    world: World
    account: Account
    openid: str

    @property
    def follower(self) -> Follower:
        """Returns the follower; an unknown person becomes one, because only followers have the chat."""
        return self.account.followers.get(self.openid) or self.world.follow(self.account, self.openid)


def text(actor: Actor, given: Parameters) -> Action:
    """Sends a text. A tap on an entry of a msgmenu is a text too, but counts as a menu tap."""
    content = str(given.get("content", ""))
    fields = {"MsgType": "text", "Content": content}
    menu_id = str(given.get("bizmsgmenuid", ""))
    if not menu_id:
        return Action(fields, {"content": content}, "message")
    fields["bizmsgmenuid"] = menu_id
    return Action(fields, {"content": content, "bizmsgmenuid": menu_id}, "menu")


def image(actor: Actor, given: Parameters) -> Action:
    media = sent_media(actor, "image", given)
    url = actor.world.media_url(actor.account, media)
    return Action(
        {"MsgType": "image", "PicUrl": url, "MediaId": media.media_id},
        {"media_id": media.media_id},
        "message",
    )


def voice(actor: Actor, given: Parameters) -> Action:
    media = sent_media(actor, "voice", given)
    ending = "amr" if media.content_type == "audio/amr" else "mp3"
    fields = {"MsgType": "voice", "MediaId": media.media_id, "Format": ending}
    if "recognition" in given or actor.account.options.get("voice_recognize") == "1":
        fields["Recognition"] = str(given.get("recognition", "你好"))
    else:
        fields["MediaId16K"] = media.media_id
    return Action(fields, {"media_id": media.media_id}, "message")


def video(actor: Actor, given: Parameters, msgtype: str = "video") -> Action:
    media = sent_media(actor, "video", given)
    thumb = sent_media(actor, "thumb", {"media_id": given.get("thumb_media_id")})
    fields = {"MsgType": msgtype, "MediaId": media.media_id, "ThumbMediaId": thumb.media_id}
    return Action(fields, {"media_id": media.media_id, "thumb_media_id": thumb.media_id}, "message")


def short_video(actor: Actor, given: Parameters) -> Action:
    return video(actor, given, "shortvideo")


def location(actor: Actor, given: Parameters) -> Action:
    latitude, longitude = float(given.get("latitude", 23.129163)), float(given.get("longitude", 113.264435))
    label, scale = str(given.get("label", "广州市越秀区示例路 18 号")), int(given.get("scale", 16))
    place = {"Location_X": latitude, "Location_Y": longitude, "Scale": scale, "Label": label}
    content = {"latitude": latitude, "longitude": longitude, "label": label}
    return Action({"MsgType": "location", **place}, content, "message")


def link(actor: Actor, given: Parameters) -> Action:
    content = {name: str(given.get(name, "")) for name in ("title", "description", "url")}
    fields = {"Title": content["title"], "Description": content["description"], "Url": content["url"]}
    return Action({"MsgType": "link", **fields}, content, "message")


def follow(actor: Actor, given: Parameters) -> Action:
    actor.world.follow(actor.account, actor.openid)
    return event("subscribe", EventKey="", allows="follow")


def unfollow(actor: Actor, given: Parameters) -> Action:
    actor.world.unfollow(actor.account, actor.follower)
    return event("unsubscribe", EventKey="")


def scan(actor: Actor, given: Parameters) -> Action:
    """Scans a QR code, by which a stranger follows. Raises ImpossibleError if it is unknown or expired."""
    code = scanned(actor, given)
    known = actor.account.followers.get(actor.openid)
    if known and known.subscribed:
        return event("SCAN", EventKey=str(code.scene), Ticket=code.ticket, allows="scan")
    follower = actor.world.follow(actor.account, actor.openid, "ADD_SCENE_QR_CODE")
    if isinstance(code.scene, int):
        follower.qr_scene = code.scene
    else:
        follower.qr_scene_str = code.scene
    return event("subscribe", EventKey=f"qrscene_{code.scene}", Ticket=code.ticket, allows="follow")


def scanned(actor: Actor, given: Parameters) -> QrCode:
    """Returns the QR code of a ticket or scene; for an unknown one a substitute, like an old printed code.

    Raises ImpossibleError if none is named, or if it expired.
    """
    wanted, ticket = given.get("scene"), given.get("ticket")
    for code in reversed(actor.account.qrcodes.values()):
        if ticket == code.ticket or (ticket is None and str(code.scene) == str(wanted)):
            if code.ends_at is not None and code.ends_at <= actor.world.now:
                raise ImpossibleError("this code has run out")
            return code
    if wanted in (None, ""):
        raise ImpossibleError("there is no such code")
    return QrCode(f"gQ{secrets.token_urlsafe(60)}==", wanted if isinstance(wanted, int) else str(wanted), "")


def click(actor: Actor, given: Parameters) -> Action:
    return event("CLICK", EventKey=str(given.get("key", "")), allows="menu")


def enter(actor: Actor, given: Parameters) -> Action:
    """Opens the customer service of a mini program."""
    return event("user_enter_tempsession", SessionFrom=str(given.get("session_from", "")), allows="enter")


def agree(actor: Actor, given: Parameters) -> Action:
    """Answers the pop-up for consent to subscription messages; ``choices`` are statuses by template id."""
    choices = given.get("choices")
    if not isinstance(choices, dict) or not choices:
        raise ImpossibleError('agree needs the statuses by template id in "choices"')
    for template_id, status in choices.items():
        if status == "accept":
            key = f"{actor.openid} {template_id}"
            actor.account.notice_grants[key] = actor.account.notice_grants.get(key, 0) + 1
    statuses = [
        {"TemplateId": template_id, "SubscribeStatusString": status, "PopupScene": 1}
        for template_id, status in choices.items()
    ]
    return event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": statuses})


def refuse(actor: Actor, given: Parameters) -> Action:
    """Switches a template off in the settings."""
    template_id = str(given.get("template_id", ""))
    actor.account.notice_grants[f"{actor.openid} {template_id}"] = 0
    statuses = [{"TemplateId": template_id, "SubscribeStatusString": "reject"}]
    return event("subscribe_msg_change_event", SubscribeMsgChangeEvent={"List": statuses})


def raw(actor: Actor, given: Parameters) -> Action:
    """Sends arbitrary elements, for pushes that the simulator does not support otherwise."""
    fields = given.get("xml")
    if not isinstance(fields, dict):
        raise ImpossibleError('raw needs its elements in "xml"')
    return Action(dict(fields), dict(fields), "" if fields.get("MsgType") == "event" else "message")


def event(name: str, *, allows: str = "", **elements: Any) -> Action:
    return Action({"MsgType": "event", "Event": name, **elements}, {"event": name, **elements}, allows)


ACTIONS: dict[str, Callable[[Actor, Parameters], Action]] = {
    "text": text,
    "image": image,
    "voice": voice,
    "video": video,
    "shortvideo": short_video,
    "location": location,
    "link": link,
    "follow": follow,
    "unfollow": unfollow,
    "scan": scan,
    "click": click,
    "enter": enter,
    "agree": agree,
    "refuse": refuse,
    "raw": raw,
}


def perform(actor: Actor, given: Parameters) -> tuple[Action, Fields]:
    """Performs the requested action; returns it and the whole push. Raises ImpossibleError."""
    kind = str(given.get("type", "text"))
    if kind not in ACTIONS:
        raise ImpossibleError(f"unknown type {kind!r}; known are {', '.join(ACTIONS)}")
    action = ACTIONS[kind](actor, given)
    follower, now = actor.follower, actor.world.now
    if action.allows and not given.get("tamper"):
        follower.grants = follower.grants if follower.grants is not None else {}
        grant(follower.grants, action.allows, now)
        follower.last_exchange = now
    common = {
        "ToUserName": actor.account.original_id,
        "FromUserName": actor.openid,
        "CreateTime": int(given.get("create_time", now)),
        **action.fields,
    }
    if action.fields.get("MsgType") != "event":
        common["MsgId"] = int(given.get("msg_id") or action.fields.get("MsgId") or actor.world.message_id())
    return action, common


def sent_media(actor: Actor, kind: str, given: Parameters) -> Media:
    """Returns the media with the given id, or the built-in sample of this kind.

    Raises ImpossibleError for an unknown id.
    """
    if media_id := given.get("media_id"):
        media = actor.account.media.get(media_id)
        if media is None:
            raise ImpossibleError("there is no such media")
        return media
    name, content_type, data = samples.load(kind, str(given.get("sample", "")))
    return actor.world.add_media(actor.account, kind, name, content_type, data)
