"""What a person does in the chat: how it changes the world, and the push it causes (WeChat reference 2)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator import samples
from simulator.messages import Fields
from simulator.windows import grant
from simulator.world import Account, Follower, Media, QrCode, World

Given = dict[str, Any]


class ImpossibleError(Exception):
    """Nobody can do this on a phone; the message says why."""


@dataclass(slots=True)
class Deed:
    """The push's elements besides the common ones, what the phone shows of it, and the sending it allows."""

    fields: dict[str, Any]
    content: dict[str, Any] = field(default_factory=dict)
    allows: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """Who does something, where."""

    world: World
    account: Account
    openid: str

    @property
    def follower(self) -> Follower:
        """A person who never met the account counts as a follower: only followers find the chat."""
        return self.account.followers.get(self.openid) or self.world.follow(self.account, self.openid)


def text(scene: Scene, given: Given) -> Deed:
    """A tap on a msgmenu entry comes back as a text too, but counts as a menu tap."""
    content = str(given.get("content", ""))
    fields = {"MsgType": "text", "Content": content}
    menu_id = str(given.get("bizmsgmenuid", ""))
    if not menu_id:
        return Deed(fields, {"content": content}, "message")
    fields["bizmsgmenuid"] = menu_id
    return Deed(fields, {"content": content, "bizmsgmenuid": menu_id}, "menu")


def image(scene: Scene, given: Given) -> Deed:
    media = sent_media(scene, "image", given)
    url = scene.world.media_url(scene.account, media)
    return Deed(
        {"MsgType": "image", "PicUrl": url, "MediaId": media.media_id},
        {"media_id": media.media_id},
        "message",
    )


def voice(scene: Scene, given: Given) -> Deed:
    media = sent_media(scene, "voice", given)
    ending = "amr" if media.content_type == "audio/amr" else "mp3"
    fields = {"MsgType": "voice", "MediaId": media.media_id, "Format": ending}
    if "recognition" in given:
        fields["Recognition"] = str(given["recognition"])
    else:
        fields["MediaId16K"] = media.media_id
    return Deed(fields, {"media_id": media.media_id}, "message")


def video(scene: Scene, given: Given, msgtype: str = "video") -> Deed:
    media = sent_media(scene, "video", given)
    thumb = sent_media(scene, "thumb", {"media_id": given.get("thumb_media_id")})
    fields = {"MsgType": msgtype, "MediaId": media.media_id, "ThumbMediaId": thumb.media_id}
    return Deed(fields, {"media_id": media.media_id, "thumb_media_id": thumb.media_id}, "message")


def short_video(scene: Scene, given: Given) -> Deed:
    return video(scene, given, "shortvideo")


def location(scene: Scene, given: Given) -> Deed:
    latitude, longitude = float(given.get("latitude", 23.129163)), float(given.get("longitude", 113.264435))
    label, scale = str(given.get("label", "广州市越秀区示例路 18 号")), int(given.get("scale", 16))
    place = {"Location_X": latitude, "Location_Y": longitude, "Scale": scale, "Label": label}
    content = {"latitude": latitude, "longitude": longitude, "label": label}
    return Deed({"MsgType": "location", **place}, content, "message")


def link(scene: Scene, given: Given) -> Deed:
    content = {name: str(given.get(name, "")) for name in ("title", "description", "url")}
    fields = {"Title": content["title"], "Description": content["description"], "Url": content["url"]}
    return Deed({"MsgType": "link", **fields}, content, "message")


def follow(scene: Scene, given: Given) -> Deed:
    scene.world.follow(scene.account, scene.openid)
    return event("subscribe", EventKey="", allows="follow")


def unfollow(scene: Scene, given: Given) -> Deed:
    scene.world.unfollow(scene.account, scene.follower)
    return event("unsubscribe", EventKey="")


def scan(scene: Scene, given: Given) -> Deed:
    """A stranger follows by scanning, a follower only scans. Codes that ran out cannot be scanned."""
    code = scanned(scene, given)
    known = scene.account.followers.get(scene.openid)
    if known and known.subscribed:
        return event("SCAN", EventKey=str(code.scene), Ticket=code.ticket, allows="scan")
    follower = scene.world.follow(scene.account, scene.openid, "ADD_SCENE_QR_CODE")
    if isinstance(code.scene, int):
        follower.qr_scene = code.scene
    else:
        follower.qr_scene_str = code.scene
    return event("subscribe", EventKey=f"qrscene_{code.scene}", Ticket=code.ticket, allows="follow")


def scanned(scene: Scene, given: Given) -> QrCode:
    """The code made for a scene, or one as if it had been printed long ago."""
    wanted, ticket = given.get("scene"), given.get("ticket")
    for code in reversed(scene.account.qrcodes.values()):
        if ticket == code.ticket or (ticket is None and str(code.scene) == str(wanted)):
            if code.ends_at is not None and code.ends_at <= scene.world.now:
                raise ImpossibleError("this code has run out")
            return code
    if wanted in (None, ""):
        raise ImpossibleError("there is no such code")
    return QrCode(f"gQ{secrets.token_urlsafe(60)}==", wanted if isinstance(wanted, int) else str(wanted), "")


def click(scene: Scene, given: Given) -> Deed:
    return event("CLICK", EventKey=str(given.get("key", "")), allows="menu")


def enter(scene: Scene, given: Given) -> Deed:
    """Opens the customer service of a mini program."""
    return event("user_enter_tempsession", SessionFrom=str(given.get("session_from", "")), allows="enter")


def agree(scene: Scene, given: Given) -> Deed:
    """Answers the pop-up that asks for leave to send notices; `choices` are statuses by template id."""
    choices = given.get("choices")
    if not isinstance(choices, dict) or not choices:
        raise ImpossibleError('agree needs the statuses by template id in "choices"')
    for template_id, status in choices.items():
        if status == "accept":
            key = f"{scene.openid} {template_id}"
            scene.account.notice_grants[key] = scene.account.notice_grants.get(key, 0) + 1
    told = [
        {"TemplateId": template_id, "SubscribeStatusString": status, "PopupScene": 1}
        for template_id, status in choices.items()
    ]
    return event("subscribe_msg_popup_event", SubscribeMsgPopupEvent={"List": told})


def refuse(scene: Scene, given: Given) -> Deed:
    """Switches a template off in the settings."""
    template_id = str(given.get("template_id", ""))
    scene.account.notice_grants[f"{scene.openid} {template_id}"] = 0
    told = [{"TemplateId": template_id, "SubscribeStatusString": "reject"}]
    return event("subscribe_msg_change_event", SubscribeMsgChangeEvent={"List": told})


def raw(scene: Scene, given: Given) -> Deed:
    """Any elements at all, for what the simulator has no words for."""
    fields = given.get("xml")
    if not isinstance(fields, dict):
        raise ImpossibleError('raw needs its elements in "xml"')
    return Deed(dict(fields), dict(fields), "" if fields.get("MsgType") == "event" else "message")


def event(name: str, *, allows: str = "", **elements: Any) -> Deed:
    return Deed({"MsgType": "event", "Event": name, **elements}, {"event": name, **elements}, allows)


DOINGS: dict[str, Callable[[Scene, Given], Deed]] = {
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


def do(scene: Scene, given: Given) -> tuple[Deed, Fields]:
    """Performs what is asked; the answer is the deed and the whole push. Raises ImpossibleError."""
    kind = str(given.get("type", "text"))
    if kind not in DOINGS:
        raise ImpossibleError(f"unknown type {kind!r}; known are {', '.join(DOINGS)}")
    deed = DOINGS[kind](scene, given)
    follower, now = scene.follower, scene.world.now
    if deed.allows and not given.get("tamper"):
        follower.grants = follower.grants if follower.grants is not None else {}
        grant(follower.grants, deed.allows, now)
        follower.last_exchange = now
    common = {
        "ToUserName": scene.account.original_id,
        "FromUserName": scene.openid,
        "CreateTime": int(given.get("create_time", now)),
        **deed.fields,
    }
    if deed.fields.get("MsgType") != "event":
        common["MsgId"] = int(given.get("msg_id") or deed.fields.get("MsgId") or scene.world.message_id())
    return deed, common


def sent_media(scene: Scene, kind: str, given: Given) -> Media:
    """The media of that id, or the built-in sample of that kind. Raises ImpossibleError for an unknown id."""
    if media_id := given.get("media_id"):
        media = scene.account.media.get(media_id)
        if media is None:
            raise ImpossibleError("there is no such media")
        return media
    name, content_type, data = samples.load(kind, str(given.get("sample", "")))
    return scene.world.keep_media(scene.account, kind, name, content_type, data)
