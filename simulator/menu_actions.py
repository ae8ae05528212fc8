"""The actions of menu buttons, one for each type that pushes an event (WeChat reference 2.2 and 5)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any

from simulator.user_actions import ACTIONS, Action, Actor, Parameters, event

PICTURES = ("pic_sysphoto", "pic_photo_or_album", "pic_weixin")
MOST_PICTURES = 9


def scan(name: str, actor: Actor, given: Parameters) -> Action:
    """Scans a code by a menu button.

    ``result`` is the content of the code; for a barcode its kind, a comma and the number.
    """
    info = {"ScanType": str(given.get("scan_type", "qrcode")), "ScanResult": str(given.get("result", ""))}
    return event(name, EventKey=str(given.get("key", "")), ScanCodeInfo=info, allows="menu")


def pictures(name: str, actor: Actor, given: Parameters) -> Action:
    """Chooses pictures by a menu button: the event has their number; they are sent as messages afterwards."""
    count = max(1, min(int(given.get("count", 1)), MOST_PICTURES))
    sums = [hashlib.md5(str(each).encode(), usedforsecurity=False).hexdigest() for each in range(count)]
    items = {"item": [{"PicMd5Sum": each} for each in sums]}
    return event(name, EventKey=str(given.get("key", "")), SendPicsInfo={"Count": count, "PicList": items})


def place(actor: Actor, given: Parameters) -> Action:
    """Chooses a place by a menu button; a location message follows."""
    info: dict[str, Any] = {
        "Location_X": float(given.get("latitude", 23.129163)),
        "Location_Y": float(given.get("longitude", 113.264435)),
        "Scale": int(given.get("scale", 16)),
        "Label": str(given.get("label", "广州市越秀区示例路 18 号")),
        "Poiname": str(given.get("poi", "")),
    }
    return event("location_select", EventKey=str(given.get("key", "")), SendLocationInfo=info)


def mini_program(actor: Actor, given: Parameters) -> Action:
    return event("view_miniprogram", EventKey=str(given.get("pagepath", "")), MenuId=menu_id(given))


def view(actor: Actor, given: Parameters) -> Action:
    return event("VIEW", EventKey=str(given.get("url", "")), MenuId=menu_id(given))


def menu_id(given: Parameters) -> int:
    return int(given.get("menuid") or 450215437)


TAPS: dict[str, Callable[[Actor, Parameters], Action]] = {
    "view": view,
    "view_miniprogram": mini_program,
    "location_select": place,
    **{name: partial(scan, name) for name in ("scancode_push", "scancode_waitmsg")},
    **{name: partial(pictures, name) for name in PICTURES},
}
ACTIONS.update(TAPS)
