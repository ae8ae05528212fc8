"""The API of custom menus: the default menu, the conditional ones, and the live one (WeChat reference 5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulator.api.calls import OK, Answer, Call, api, verified
from simulator.errors import ApiError
from simulator.menus import Menu

FIRST_LEVEL, SECOND_LEVEL = 3, 5
KEY_BYTES, URL_BYTES = 128, 1024
CONDITIONAL_MENUS = 10
DOMAINS = 3
MATCHED_BY = ("tag_id", "client_platform_type")
REMOVED_RULES = ("sex", "country", "province", "city", "language")
APPID = re.compile(r"wx[0-9a-f]{16}")
KEYED = (
    "click", "scancode_push", "scancode_waitmsg", "pic_sysphoto", "pic_photo_or_album", "pic_weixin",
    "location_select",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Level:
    """The limits of one level of buttons, and the errors for exceeding them."""

    name_bytes: int
    bad_type: int
    bad_name: int
    bad_key: int
    bad_url: int
    bad_domain: int
    bad_media: int


FIRST = Level(16, 40017, 40018, 40019, 40020, 40055, 40117)
SECOND = Level(60, 40024, 40025, 40026, 40027, 40054, 40118)


@api("POST", "/cgi-bin/menu/create", right=verified)
def create(call: Call) -> Answer:
    """Replaces the default menu; the conditional menus stay."""
    button = checked(call, call.body.get("button"), empty=41007)
    menus = call.account.menus
    menus.default, menus.made_on_page = Menu(call.world.next_menu_id(), button), None
    refresh_phones(call)
    return OK


@api("GET", "/cgi-bin/menu/get", right=verified)
def get(call: Call) -> Answer:
    menus = call.account.menus
    if menus.default is None:
        raise ApiError(46003)
    answer: dict[str, Any] = {"menu": {"button": menus.default.button, "menuid": menus.default.menuid}}
    if menus.conditional:
        answer["conditionalmenu"] = [
            {"button": each.button, "matchrule": each.matchrule, "menuid": each.menuid}
            for each in menus.conditional
        ]
    return answer


@api("GET", "/cgi-bin/menu/delete", right=verified)
def delete(call: Call) -> Answer:
    """Deletes the default menu and all conditional menus."""
    call.account.menus.drop()
    refresh_phones(call)
    return OK


@api("GET", "/cgi-bin/get_current_selfmenu_info")
def current(call: Call) -> Answer:
    """Returns the live menu, also if it was set on the platform's page; unverified accounts may call it."""
    menus = call.account.menus
    if menus.default is not None:
        button = [nested(each) for each in menus.default.button]
        return {"is_menu_open": 1, "selfmenu_info": {"button": button}}
    if menus.made_on_page is not None:
        return {"is_menu_open": 1, "selfmenu_info": menus.made_on_page}
    return {"is_menu_open": 0}


@api("POST", "/cgi-bin/menu/addconditional", right=verified)
def add_conditional(call: Call) -> Answer:
    menus = call.account.menus
    rule = match_rule(call.body.get("matchrule"))
    if not call.body.get("button"):
        raise ApiError(65307)
    button = checked(call, call.body["button"], empty=65308, bad_url=65317)
    if menus.default is None:
        raise ApiError(65303)
    if len(menus.conditional) >= CONDITIONAL_MENUS:
        raise ApiError(65305)
    if len(domains([*(each for menu in menus.conditional for each in menu.button), *button])) > DOMAINS:
        raise ApiError(65316)
    menu = Menu(call.world.next_menu_id(), button, rule)
    menus.conditional.append(menu)
    refresh_phones(call)
    return {"menuid": str(menu.menuid)}


@api("POST", "/cgi-bin/menu/delconditional", right=verified)
def delete_conditional(call: Call) -> Answer:
    wanted, menus = str(call.body.get("menuid", "")), call.account.menus
    kept = [each for each in menus.conditional if str(each.menuid) != wanted]
    if len(kept) == len(menus.conditional):
        raise ApiError(65301)
    menus.conditional[:] = kept
    refresh_phones(call)
    return OK


@api("POST", "/cgi-bin/menu/trymatch", right=verified)
def try_match(call: Call) -> Answer:
    follower = call.account.followers.get(call.text("user_id", 65302))
    if follower is None or not follower.subscribed:
        raise ApiError(65302)
    menu = call.account.menus.seen_by(follower)
    if menu is None:
        raise ApiError(46003)
    return {"button": menu.button}


def refresh_phones(call: Call) -> None:
    """Tells phones with an open chat of the account to reload the menu."""
    call.world.changes += 1
    call.world.live.publish_all(call.account.appid, "menu")


def match_rule(given: Any) -> dict[str, str]:
    """Returns the criteria of a conditional menu.

    Raises 65320 for removed criteria, 65304 for a rule without criteria, 40097 for an unknown platform.
    """
    if not isinstance(given, dict):
        raise ApiError(65304)
    if any(given.get(name) for name in REMOVED_RULES):
        raise ApiError(65320)
    rule = {name: str(given[name]) for name in MATCHED_BY if given.get(name)}
    if not rule:
        raise ApiError(65304)
    if rule.get("client_platform_type", "1") not in ("1", "2", "3"):
        raise ApiError(40097)
    return rule


def checked(call: Call, given: Any, *, empty: int, bad_url: int = 0) -> list[dict[str, Any]]:
    """Returns the buttons in the format of ``menu/get``. Raises the error of the first invalid one.

    ``empty`` is the error for a button without any action, ``bad_url`` replaces the one for a wrong address.
    """
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise ApiError(40016 if given is None else 47001)
    if not 1 <= len(given) <= FIRST_LEVEL:
        raise ApiError(40016)
    return [first_level(Button(call, each, FIRST, empty, bad_url)) for each in given]


@dataclass(frozen=True, slots=True)
class Button:
    """A button to check, and the error codes for its faults."""

    call: Call
    given: dict[str, Any]
    level: Level
    empty: int
    bad_url: int

    def child(self, given: dict[str, Any]) -> Button:
        return Button(self.call, given, SECOND, self.empty, self.bad_url)

    def text(self, name: str, error: int, most: int = 0) -> str:
        """Returns a text of the button. Raises ``error`` if it is missing or has more than ``most`` bytes."""
        value = self.given.get(name)
        if not isinstance(value, str) or not value or (most and len(value.encode()) > most):
            raise ApiError(error)
        return value


def first_level(button: Button) -> dict[str, Any]:
    children = button.given.get("sub_button")
    named(button)
    if children is None or (children == [] and "type" in button.given):
        return {**acting(button), "sub_button": []}
    if not isinstance(children, list) or not all(isinstance(each, dict) for each in children):
        raise ApiError(47001)
    if not 1 <= len(children) <= SECOND_LEVEL:
        raise ApiError(40023)
    if "type" in button.given:
        raise ApiError(40119)
    below = [second_level(button.child(each)) for each in children]
    return {"name": button.given["name"], "sub_button": below}


def second_level(button: Button) -> dict[str, Any]:
    named(button)
    if button.given.get("sub_button"):
        raise ApiError(40022)
    return {**acting(button), "sub_button": []}


def named(button: Button) -> None:
    button.text("name", button.level.bad_name, button.level.name_bytes)


def acting(button: Button) -> dict[str, Any]:
    """Returns the button with only the fields that its type needs."""
    kind = button.given.get("type")
    if kind is None:
        raise ApiError(button.empty)
    if not isinstance(kind, str) or kind not in TYPES:
        raise ApiError(button.level.bad_type)
    return {"type": kind, "name": button.given["name"], **TYPES[kind](button)}


def keyed(button: Button) -> dict[str, Any]:
    return {"key": button.text("key", button.level.bad_key, KEY_BYTES)}


def linked(button: Button) -> dict[str, Any]:
    url = button.text("url", button.level.bad_url, URL_BYTES)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ApiError(button.bad_url or button.level.bad_domain)
    return {"url": url}


def mini_program(button: Button) -> dict[str, Any]:
    appid = button.text("appid", 40013)
    if not APPID.fullmatch(appid):
        raise ApiError(40013)
    if appid not in button.call.account.miniprograms:
        raise ApiError(45064)
    return {**linked(button), "appid": appid, "pagepath": button.text("pagepath", 47001)}


def file(button: Button) -> dict[str, Any]:
    """Returns the ``media_id`` of a button with a permanent file. Raises 40007 for temporary media."""
    media_id = button.text("media_id", button.level.bad_media, 128)
    media = button.call.account.find_media(media_id, button.call.world.now)
    if not media.permanent:
        raise ApiError(40007)
    return {"media_id": media_id}


def news(button: Button) -> dict[str, Any]:
    media_id = button.text("media_id", button.level.bad_media, 128)
    button.call.account.find_media(media_id, button.call.world.now)
    raise ApiError(40121)


def article(button: Button) -> dict[str, Any]:
    return {"article_id": button.text("article_id", 40007)}


TYPES: dict[str, Callable[[Button], dict[str, Any]]] = {
    **dict.fromkeys(KEYED, keyed),
    "view": linked,
    "miniprogram": mini_program,
    "media_id": file,
    "view_limited": news,
    "article_id": article,
    "article_view_limited": article,
}


def domains(buttons: list[dict[str, Any]]) -> set[str]:
    """Returns the hosts that buttons of both levels link to."""
    every = [each for button in buttons for each in (button, *button.get("sub_button", []))]
    return {str(urlsplit(each["url"]).hostname) for each in every if each.get("url")}


def nested(button: dict[str, Any]) -> dict[str, Any]:
    """Returns a button in the format of ``get_current_selfmenu_info``."""
    children = button.get("sub_button")
    answer = {name: value for name, value in button.items() if name != "sub_button"}
    return {**answer, "sub_button": {"list": [nested(each) for each in children]}} if children else answer
