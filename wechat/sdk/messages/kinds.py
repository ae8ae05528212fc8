"""The messages of followers, a frozen class for each type. WeChat reference 2.1."""

from dataclasses import dataclass

from wechat.sdk.fields import decimal, integer, string
from wechat.sdk.messages.base import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Message):
    """A text; ``menu_id`` is the id of the tapped entry when it came out of a menu message."""

    kind: str = "text"
    content: str = string("Content")
    menu_id: str = string("bizmsgmenuid")

    @property
    def text(self) -> str:
        return self.content


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Message):
    """A picture; ``pic_url`` may expire; the media can be fetched for 3 days."""

    kind: str = "image"
    pic_url: str = string("PicUrl")
    media_id: str = string("MediaId")


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice(Message):
    """A voice message; ``recognition`` is the spoken text, for accounts that have it switched on."""

    kind: str = "voice"
    media_id: str = string("MediaId")
    format: str = string("Format")
    media_id_16k: str = string("MediaId16K")
    recognition: str = string("Recognition")

    @property
    def text(self) -> str:
        return self.recognition


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Message):
    kind: str = "video"
    media_id: str = string("MediaId")
    thumb_media_id: str = string("ThumbMediaId")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortVideo(Video):
    kind: str = "shortvideo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location(Message):
    """A location that the user sent, in degrees; not to be confused with LocationReport."""

    kind: str = "location"
    latitude: float = decimal("Location_X")
    longitude: float = decimal("Location_Y")
    scale: int = integer("Scale")
    label: str = string("Label")

    @property
    def text(self) -> str:
        return self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Message):
    kind: str = "link"
    title: str = string("Title")
    description: str = string("Description")
    url: str = string("Url")

    @property
    def text(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class MiniProgramPage(Message):
    """A mini-program card, sent to a mini program's customer service."""

    kind: str = "miniprogrampage"
    title: str = string("Title")
    appid: str = string("AppId")
    pagepath: str = string("PagePath")
    thumb_url: str = string("ThumbUrl")
    thumb_media_id: str = string("ThumbMediaId")

    @property
    def text(self) -> str:
        return self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownMessage(Message):
    """A type this module does not know; all its elements are in ``extra``."""

    @property
    def msg_type(self) -> str:
        return self.kind
