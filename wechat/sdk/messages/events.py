"""The events of people's actions, a frozen class for each. WeChat reference 2.2."""

import json
from dataclasses import dataclass

from wechat.sdk.fields import decimal, integer, string, strings
from wechat.sdk.messages.base import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Message):
    kind: str = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Event):
    """The event of a new follower. ``scene`` is that of the scanned QR code, or ""; no Scan event follows."""

    event: str = "subscribe"
    ticket: str = string("Ticket")

    @property
    def scene(self) -> str:
        prefix = "qrscene_"
        return self.event_key.removeprefix(prefix) if self.event_key.startswith(prefix) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Event):
    """The event of a lost follower, whose personal data the platform requires to be deleted."""

    event: str = "unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Event):
    """The event of a follower who scanned a QR code with a scene."""

    event: str = "scan"
    ticket: str = string("Ticket")

    @property
    def scene(self) -> str:
        return self.event_key


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationReport(Event):
    """The location of a user who agreed to share it, in degrees, with ``precision`` in metres."""

    event: str = "location"
    latitude: float = decimal("Latitude")
    longitude: float = decimal("Longitude")
    precision: float = decimal("Precision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Event):
    event: str = "click"


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Event):
    """The event of a tapped link button, to which no reply is shown."""

    event: str = "view"
    menu_id: str = string("MenuId")

    @property
    def url(self) -> str:
        return self.event_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewMiniProgram(Event):
    event: str = "view_miniprogram"
    menu_id: str = string("MenuId")

    @property
    def pagepath(self) -> str:
        return self.event_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanCode(Event):
    """A scan button. For a barcode ``result`` looks like "CODE_128,690...". With ``waits`` the user watches a
    "receiving" notice until answered."""

    event: str = "scancode_push"
    scan_type: str = string("ScanCodeInfo/ScanType")
    result: str = string("ScanCodeInfo/ScanResult")

    @property
    def waits(self) -> bool:
        return self.event == "scancode_waitmsg"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPics(Event):
    """The event of a used picture button; the pictures themselves arrive as image messages."""

    event: str = "pic_sysphoto"
    count: int = integer("SendPicsInfo/Count")
    md5s: tuple[str, ...] = strings("SendPicsInfo/PicList/item", "PicMd5Sum")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSelect(Event):
    """The event of a used location button; a location message follows."""

    event: str = "location_select"
    latitude: float = decimal("SendLocationInfo/Location_X")
    longitude: float = decimal("SendLocationInfo/Location_Y")
    scale: int = integer("SendLocationInfo/Scale")
    label: str = string("SendLocationInfo/Label")
    poi: str = string("SendLocationInfo/Poiname")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """An event this module does not know; all its elements are in ``extra``."""

    @property
    def detail(self) -> str:
        # Nothing is known about what identifies it, so everything does.
        own = json.dumps(self.extra, sort_keys=True, ensure_ascii=False) if self.extra else ""
        return f"{self.event_key}|{own}"
