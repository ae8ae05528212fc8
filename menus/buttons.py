"""The value of a menu: its buttons on two levels, and its forms for the editor and the platform."""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from menus.kinds import FIELDS, KEYED, READ_ONLY, ButtonKind
from wechat.console import page_paths
from wechat.sdk.answers import part, rows, text

OWN_KEY = "menu:"
UID = re.compile(r"[a-z0-9]{4,16}")
TEXTS = ("name", "key", "url", "appid", "pagepath", "media_id", "article_id", "article_title")
NUMBERS = ("file", "rule")
LONGEST_TEXT = 4000
MOST_BUTTONS = 100


class Malformed(Exception):
    """The data does not have the form of a menu; the message says where. The editor never sends such data."""


@dataclass(frozen=True, slots=True)
class ButtonReply:
    """A button's own reply: a content as ``wechat.contents`` stores it, and its files."""

    content: Mapping[str, Any]
    asset: int | None = None
    cover: int | None = None


@dataclass(frozen=True, slots=True)
class Button:
    """A button of a menu; ``uid`` identifies it in all versions of its menu.

    ``key`` is only set on buttons made elsewhere, ``media_id`` on files that are not in our library; ``raw``
    is the platform's payload of a button that can only be kept. ``file`` and ``rule`` are primary keys.
    """

    uid: str
    name: str = ""
    kind: str = ButtonKind.CLICK
    key: str = ""
    url: str = ""
    appid: str = ""
    pagepath: str = ""
    media_id: str = ""
    article_id: str = ""
    article_title: str = ""
    file: int | None = None
    rule: int | None = None
    reply: ButtonReply | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    children: tuple["Button", ...] = ()

    @property
    def platform_key(self) -> str:
        return self.key or f"{OWN_KEY}{self.uid}"


Buttons = tuple[Button, ...]


def new_uid() -> str:
    return secrets.token_hex(5)


def every(buttons: Sequence[Button]) -> Iterator[Button]:
    """Yields the buttons of both levels, each button before its children."""
    for button in buttons:
        yield button
        yield from every(button.children)


# --- the editor's form


def to_data(button: Button) -> dict[str, Any]:
    """Returns a button in the editor's form, without empty fields."""
    data: dict[str, Any] = {"uid": button.uid, "name": button.name, "kind": str(button.kind)}
    data |= {name: getattr(button, name) for name in (*TEXTS, *NUMBERS) if getattr(button, name)}
    if button.reply:
        data["reply"] = {one.name: getattr(button.reply, one.name) for one in fields(ButtonReply)}
    if button.raw:
        data["raw"] = dict(button.raw)
    if button.children:
        data["children"] = [to_data(each) for each in button.children]
    return data


def from_list(data: Any) -> Buttons:
    """Returns the buttons of a list in the editor's form. Raises ``Malformed``.

    The number of buttons and levels is checked by the validation.
    """
    buttons = _buttons(data, depth=0)
    uids = [each.uid for each in every(buttons)]
    if len(uids) > MOST_BUTTONS:
        raise Malformed(f"more than {MOST_BUTTONS} buttons")
    if len(set(uids)) != len(uids):
        raise Malformed("two buttons have the same uid")
    return buttons


def _buttons(data: Any, depth: int) -> Buttons:
    if not isinstance(data, list) or depth > 5:
        raise Malformed("buttons must be a list")
    return tuple(_button(each, depth) for each in data)


def _button(data: Any, depth: int) -> Button:
    if not isinstance(data, dict):
        raise Malformed("a button must be an object")
    if unknown := data.keys() - {one.name for one in fields(Button)}:
        raise Malformed(f"a button has no {sorted(unknown)[0]}")
    uid, kind = data.get("uid", ""), data.get("kind", ButtonKind.CLICK)
    if not isinstance(uid, str) or not UID.fullmatch(uid):
        raise Malformed("uid must be 4 to 16 small letters or digits")
    if kind not in ButtonKind.values:
        raise Malformed(f"there is no kind {kind}")
    own: dict[str, Any] = {name: _text(data, name) for name in TEXTS}
    own["pagepath"] = page_paths.tidied(own["pagepath"])
    own |= {name: _number(data, name) for name in NUMBERS}
    raw = data.get("raw") or {}
    if not isinstance(raw, dict):
        raise Malformed("raw must be an object")
    children = _buttons(data.get("children") or [], depth + 1)
    return Button(uid, kind=kind, **own, reply=_reply(data), raw=raw, children=children)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name) or ""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Malformed(f"{name} must be a text")
    return value


def _number(data: Mapping[str, Any], name: str) -> int | None:
    value = data.get(name)
    if value is not None and (
        not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 62
    ):
        raise Malformed(f"{name} must be a number")
    return value


def _reply(data: Mapping[str, Any]) -> ButtonReply | None:
    given = data.get("reply")
    if given is None:
        return None
    if not isinstance(given, dict) or not isinstance(given.get("content"), dict):
        raise Malformed("a reply needs a content")
    return ButtonReply(given["content"], _number(given, "asset"), _number(given, "cover"))


# --- the platform's form


def to_platform(buttons: Sequence[Button], media: Mapping[int, str]) -> list[dict[str, Any]]:
    """Returns the ``button`` of the platform's call; ``media`` maps primary keys of files to media ids."""
    return [_to_platform(each, media) for each in buttons]


def _to_platform(button: Button, media: Mapping[int, str]) -> dict[str, Any]:
    if button.children or button.kind == ButtonKind.PARENT:
        return {"name": button.name, "sub_button": to_platform(button.children, media)}
    if button.kind in READ_ONLY:
        return {**button.raw, "name": button.name}
    payload = {"type": str(button.kind), "name": button.name}
    own = {"key": button.platform_key, "media_id": media.get(button.file or 0, button.media_id)}
    return payload | {name: own.get(name, getattr(button, name)) for name in FIELDS[button.kind]}


def from_platform(buttons: Any) -> Buttons:
    """Returns the buttons that ``menu/get`` or ``get_current_selfmenu_info`` returned, also unknown kinds.

    No button is dropped, and no content of a button raises an error. Of several buttons with the same key of
    ours, the first is the button that the key names.
    """
    return _with_distinct_uids(_all_from_platform(buttons), set())


def _with_distinct_uids(buttons: Sequence[Button], taken: set[str]) -> Buttons:
    distinct = []
    for button in buttons:
        if button.uid in taken:
            button = replace(button, uid=new_uid(), key=button.platform_key)
        taken.add(button.uid)
        distinct.append(replace(button, children=_with_distinct_uids(button.children, taken)))
    return tuple(distinct)


def _all_from_platform(buttons: Any) -> Buttons:
    return tuple(_from_platform(each) for each in buttons if isinstance(each, dict)) if buttons else ()


def _from_platform(payload: Mapping[str, Any]) -> Button:
    name, kind = text(payload, "name"), text(payload, "type")
    children = children_of(payload)
    if children:
        return Button(new_uid(), name, ButtonKind.PARENT, children=_all_from_platform(children))
    if kind in FIELDS and kind not in READ_ONLY:
        own: dict[str, Any] = {each: text(payload, each) for each in FIELDS[kind]}
        key = own.get("key", "")
        uid = key.removeprefix(OWN_KEY)
        if key.startswith(OWN_KEY) and UID.fullmatch(uid):
            return Button(uid, name, kind)
        return Button(new_uid(), name, kind, **own)
    if not kind:
        return Button(new_uid(), name, ButtonKind.PARENT)
    raw = {each: value for each, value in payload.items() if each not in ("name", "sub_button")}
    return Button(new_uid(), name, kind if kind in READ_ONLY else ButtonKind.UNKNOWN, raw=raw)


def children_of(payload: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns the buttons of a submenu of the platform: ``get_current_selfmenu_info`` nests them deeper."""
    below = part(payload, "sub_button")
    return rows(below, "list") if below else rows(payload, "sub_button")


def canonical(buttons: Any) -> list[dict[str, Any]]:
    """Returns a form of the platform's buttons that is equal if and only if two menus are the same."""
    return [_canonical(each) for each in buttons or [] if isinstance(each, dict)]


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    children = children_of(payload)
    if children:
        return {"name": payload.get("name"), "sub_button": canonical(children)}
    kind = payload.get("type")
    names: Sequence[str] = FIELDS.get(
        str(kind), [each for each in payload if each not in ("sub_button", "type")]
    )
    return {"type": kind, "name": payload.get("name"), **{name: payload.get(name) for name in sorted(names)}}


# --- between two menus


def with_new_uids(buttons: Sequence[Button]) -> Buttons:
    """Returns the buttons with new uids, for a copy, whose buttons are other buttons."""
    return tuple(replace(each, uid=new_uid(), children=with_new_uids(each.children)) for each in buttons)


def adopted(found: Sequence[Button], known: Sequence[Button], media: Mapping[int, str]) -> Buttons:
    """Returns the buttons found on the platform, matched to ours by uid, by what they do, or by name.

    A matched button keeps our uid, reply, rule and file, but takes name, place and kind from the platform.
    """
    left = list(every(known))
    fingerprints = {each.uid: _fingerprint(each, media) for each in left}
    named = {each.uid for each in every(found)}

    def same(button: Button) -> Button | None:
        wanted = _fingerprint(button, {})
        tests = (
            lambda each: each.uid == button.uid,
            # A key of ours identifies its button: such a button is not matched in another way.
            lambda each: each.uid not in named and fingerprints[each.uid] == wanted,
            lambda each: each.uid not in named and each.name == button.name and each.kind == button.kind,
        )
        return next((each for test in tests for each in left if test(each)), None)

    def adopt(button: Button) -> Button:
        ours = same(button)
        if ours is not None:
            left.remove(ours)
            button = _merged(button, ours, media)
        return replace(button, children=tuple(adopt(each) for each in button.children))

    return tuple(adopt(each) for each in found)


def _fingerprint(button: Button, media: Mapping[int, str]) -> tuple[Any, ...]:
    if button.kind == ButtonKind.PARENT:
        return (button.kind, button.name)
    own = _to_platform(replace(button, name="", children=()), media)
    return tuple(sorted((key, str(value)) for key, value in own.items()))


def _merged(found: Button, ours: Button, media: Mapping[int, str]) -> Button:
    kept: dict[str, Any] = {"reply": ours.reply, "rule": ours.rule} if found.kind in KEYED else {}
    if found.kind == ours.kind == ButtonKind.MEDIA_ID and media.get(ours.file or 0) == found.media_id:
        kept |= {"file": ours.file, "media_id": ""}
    if found.article_id and found.article_id == ours.article_id:
        kept |= {"article_title": ours.article_title}
    key = found.platform_key if found.kind in KEYED and found.uid != ours.uid else found.key
    return replace(found, uid=ours.uid, key=key, **kept)
