"""What people do besides writing: a frozen class for each event. WeChat reference 2.2."""

import json
from dataclasses import dataclass

from wechat.sdk.fields import decimal, integer, string, strings
from wechat.sdk.messages.base import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Message):
    kind: str = "event"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Event):
    """A user follows. `scene` names the QR code it came through, or is ""; no Scan follows then."""

    event: str = "subscribe"
    ticket: str = string("Ticket")

    @property
    def scene(self) -> str:
        prefix = "qrscene_"
        return self.event_key.removeprefix(prefix) if self.event_key.startswith(prefix) else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Event):
    """A user stops following. The platform demands that this user's personal data be deleted."""

    event: str = "unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan(Event):
    """A follower scanned a QR code with parameters."""

    event: str = "scan"
    ticket: str = string("Ticket")

    @property
    def scene(self) -> str:
        return self.event_key


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationReport(Event):
    """The place of a user who agreed to tell it: in degrees, and `precision` in metres."""

    event: str = "location"
    latitude: float = decimal("Latitude")
    longitude: float = decimal("Longitude")
    precision: float = decimal("Precision")


@dataclass(frozen=True, slots=True, kw_only=True)
class Click(Event):
    event: str = "click"


@dataclass(frozen=True, slots=True, kw_only=True)
class View(Event):
    """A link button was tapped; a reply to it is not shown."""

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
    """A scan button. For a barcode `result` looks like "CODE_128,690...". With `waits` the user watches a
    "receiving" notice until answered."""

    event: str = "scancode_push"
    scan_type: str = string("ScanCodeInfo/ScanType")
    result: str = string("ScanCodeInfo/ScanResult")

    @property
    def waits(self) -> bool:
        return self.event == "scancode_waitmsg"


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPics(Event):
    """A picture button was used; the pictures themselves come as image messages."""

    event: str = "pic_sysphoto"
    count: int = integer("SendPicsInfo/Count")
    md5s: tuple[str, ...] = strings("SendPicsInfo/PicList/item", "PicMd5Sum")


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationSelect(Event):
    """A place button was used; a location message follows."""

    event: str = "location_select"
    latitude: float = decimal("SendLocationInfo/Location_X")
    longitude: float = decimal("SendLocationInfo/Location_Y")
    scale: int = integer("SendLocationInfo/Scale")
    label: str = string("SendLocationInfo/Label")
    poi: str = string("SendLocationInfo/Poiname")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """An event this module does not know; all its elements are in `extra`."""

    @property
    def detail(self) -> str:
        # Nothing is known about what identifies it, so everything does.
        own = json.dumps(self.extra, sort_keys=True, ensure_ascii=False) if self.extra else ""
        return f"{self.event_key}|{own}"
