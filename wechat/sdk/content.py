"""The contents of messages to followers, rendered as a passive reply or as customer-service JSON.

WeChat reference 3 (passive replies) and 8.2 (customer-service bodies).
"""

import json
from dataclasses import dataclass, field
from typing import Any, ClassVar

from wechat.sdk.errors import ContentError
from wechat.sdk.text import clean_json
from wechat.sdk.xml import elements

TEXT_BYTES = 2048

REQUIRED = {"required": True}
WEB = {"web": True}


class _Body:
    """The base of all contents: the platform's type, the ways of sending it, and its two renderings."""

    type: ClassVar[str]
    passive: ClassVar[bool] = True
    service: ClassVar[bool] = True

    __slots__ = ()

    def passive_elements(self) -> dict[str, Any]:
        raise ContentError(
            "type", "This kind of content cannot answer a message directly.", code="not_passive"
        )

    def service_object(self) -> dict[str, Any]:
        raise ContentError("type", "This kind of content can only answer a message.", code="not_service")


@dataclass(frozen=True, slots=True)
class Text(_Body):
    """A text, which may have line breaks and ``<a href>`` links."""

    type: ClassVar[str] = "text"
    content: str = field(metadata={"required": True, "bytes": TEXT_BYTES})

    def passive_elements(self) -> dict[str, Any]:
        return {"Content": self.content}

    def service_object(self) -> dict[str, Any]:
        return {"content": self.content}


@dataclass(frozen=True, slots=True)
class Image(_Body):
    type: ClassVar[str] = "image"
    media_id: str = field(metadata=REQUIRED)

    def passive_elements(self) -> dict[str, Any]:
        return {"Image": {"MediaId": self.media_id}}

    def service_object(self) -> dict[str, Any]:
        return {"media_id": self.media_id}


@dataclass(frozen=True, slots=True)
class Voice(_Body):
    type: ClassVar[str] = "voice"
    media_id: str = field(metadata=REQUIRED)

    def passive_elements(self) -> dict[str, Any]:
        return {"Voice": {"MediaId": self.media_id}}

    def service_object(self) -> dict[str, Any]:
        return {"media_id": self.media_id}


@dataclass(frozen=True, slots=True)
class Video(_Body):
    """A video; only a customer-service message needs ``thumb_media_id``."""

    type: ClassVar[str] = "video"
    media_id: str = field(metadata=REQUIRED)
    title: str = ""
    description: str = ""
    thumb_media_id: str = ""

    def passive_elements(self) -> dict[str, Any]:
        optional = {"Title": self.title, "Description": self.description}
        return {"Video": {"MediaId": self.media_id, **_filled(optional)}}

    def service_object(self) -> dict[str, Any]:
        _require(self, "thumb_media_id")
        optional = {"title": self.title, "description": self.description}
        return {"media_id": self.media_id, "thumb_media_id": self.thumb_media_id, **_filled(optional)}


@dataclass(frozen=True, slots=True)
class Music(_Body):
    """A piece of music; WeChat uses ``hq_music_url`` on Wi-Fi.

    A customer-service message needs both addresses.
    """

    type: ClassVar[str] = "music"
    title: str = ""
    description: str = ""
    music_url: str = field(default="", metadata=WEB)
    hq_music_url: str = field(default="", metadata=WEB)
    thumb_media_id: str = field(default="", metadata=REQUIRED)

    def passive_elements(self) -> dict[str, Any]:
        optional = {
            "Title": self.title,
            "Description": self.description,
            "MusicUrl": self.music_url,
            "HQMusicUrl": self.hq_music_url,
        }
        return {"Music": {**_filled(optional), "ThumbMediaId": self.thumb_media_id}}

    def service_object(self) -> dict[str, Any]:
        _require(self, "music_url", "hq_music_url")
        return {
            **_filled({"title": self.title, "description": self.description}),
            "musicurl": self.music_url,
            "hqmusicurl": self.hq_music_url,
            "thumb_media_id": self.thumb_media_id,
        }


@dataclass(frozen=True, slots=True)
class NewsArticle:
    """The card of a news reply. ``pic_url`` is a JPG or PNG, best of 360x200 pixels."""

    title: str = field(metadata=REQUIRED)
    description: str = ""
    pic_url: str = field(default="", metadata=WEB)
    url: str = field(default="", metadata={"required": True, "web": True})


@dataclass(frozen=True, slots=True)
class News(_Body):
    """A news reply with exactly one article; the platform accepts more in few cases only."""

    type: ClassVar[str] = "news"
    articles: tuple[NewsArticle, ...] = field(metadata={"of": NewsArticle, "most": 1})

    def passive_elements(self) -> dict[str, Any]:
        items = [
            {"Title": one.title, "Description": one.description, "PicUrl": one.pic_url, "Url": one.url}
            for one in self.articles
        ]
        return {"ArticleCount": len(items), "Articles": {"item": items}}

    def service_object(self) -> dict[str, Any]:
        articles = [
            {"title": one.title, "description": one.description, "url": one.url, "picurl": one.pic_url}
            for one in self.articles
        ]
        return {"articles": articles}


@dataclass(frozen=True, slots=True)
class TransferToService(_Body):
    """The transfer of the follower's message to the customer-service system, or to one worker."""

    type: ClassVar[str] = "transfer_customer_service"
    service: ClassVar[bool] = False
    kf_account: str = ""

    def passive_elements(self) -> dict[str, Any]:
        return {"TransInfo": {"KfAccount": self.kf_account}} if self.kf_account else {}


@dataclass(frozen=True, slots=True)
class MiniProgramPage(_Body):
    """A card of a mini program linked to the account."""

    type: ClassVar[str] = "miniprogrampage"
    passive: ClassVar[bool] = False
    title: str
    appid: str = field(metadata=REQUIRED)
    pagepath: str = field(metadata=REQUIRED)
    thumb_media_id: str = field(metadata=REQUIRED)

    def service_object(self) -> dict[str, Any]:
        card = {"appid": self.appid, "pagepath": self.pagepath, "thumb_media_id": self.thumb_media_id}
        return {**_filled({"title": self.title}), **card}


@dataclass(frozen=True, slots=True)
class MenuChoice:
    """A choice of a menu message; a tap arrives as a text message with this ``id`` as its ``menu_id``."""

    id: str = field(metadata=REQUIRED)
    content: str = field(metadata=REQUIRED)


@dataclass(frozen=True, slots=True)
class MenuMessage(_Body):
    """A text with choices to tap."""

    type: ClassVar[str] = "msgmenu"
    passive: ClassVar[bool] = False
    head: str
    items: tuple[MenuChoice, ...] = field(metadata={"of": MenuChoice})
    tail: str = ""

    def service_object(self) -> dict[str, Any]:
        choices = [{"id": item.id, "content": item.content} for item in self.items]
        return {
            **_filled({"head_content": self.head}),
            "list": choices,
            **_filled({"tail_content": self.tail}),
        }


@dataclass(frozen=True, slots=True)
class ArticleMessage(_Body):
    """A published article, by the ``article_id`` of freepublish."""

    type: ClassVar[str] = "mpnewsarticle"
    passive: ClassVar[bool] = False
    article_id: str = field(metadata=REQUIRED)

    def service_object(self) -> dict[str, Any]:
        return {"article_id": self.article_id}


@dataclass(frozen=True, slots=True)
class Card(_Body):
    type: ClassVar[str] = "wxcard"
    passive: ClassVar[bool] = False
    card_id: str = field(metadata=REQUIRED)

    def service_object(self) -> dict[str, Any]:
        return {"card_id": self.card_id}


Content = (
    Text
    | Image
    | Voice
    | Video
    | Music
    | News
    | TransferToService
    | MiniProgramPage
    | MenuMessage
    | ArticleMessage
    | Card
)

TYPES: dict[str, type[Content]] = {
    kind.type: kind
    for kind in (
        Text,
        Image,
        Voice,
        Video,
        Music,
        News,
        TransferToService,
        MiniProgramPage,
        MenuMessage,
        ArticleMessage,
        Card,
    )
}


def to_passive(content: Content, *, to: str, sender: str, at: int, in_json: bool) -> bytes:
    """Returns the body of the passive reply, in the format of the push.

    ``to`` is an openid, ``sender`` the account's gh_ id, ``at`` in Unix seconds. Raises ContentError for a
    content that can only be a customer-service message. Does not check limits: see ``content_limits``.
    """
    fields = {
        "ToUserName": to,
        "FromUserName": sender,
        "CreateTime": at,
        "MsgType": content.type,
        **content.passive_elements(),
    }
    if in_json:
        return json.dumps(clean_json(fields), ensure_ascii=False).encode()
    return f"<xml>{elements(fields)}</xml>".encode()


def to_service_json(content: Content, *, openid: str, kf_account: str = "") -> dict[str, Any]:
    """Returns the body of a customer-service message, in the name of the worker ``kf_account`` if given.

    Raises ContentError for a content that can only be a passive reply, and for a video or music without the
    parts that only a customer-service message needs.
    """
    body = {"touser": openid, "msgtype": content.type, content.type: content.service_object()}
    return {**body, "customservice": {"kf_account": kf_account}} if kf_account else body


def _require(part: Any, *names: str) -> None:
    for name in names:
        if not getattr(part, name):
            raise ContentError(name, "A customer-service message of this kind needs this.", code="required")


def _filled(optional: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in optional.items() if value}
