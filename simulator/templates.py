"""The templates of accounts, their library, and the checks of field values (WeChat reference 9, 10)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from simulator.errors import ApiError

MOST = 25
PLACE = re.compile(r"\{\{(\w+)\.DATA\}\}")


@dataclass(slots=True)
class Template:
    """A template of an account.

    ``kind`` is template or notice; a notice is one-time (2) or long-term (3).
    """

    template_id: str
    kind: str
    title: str
    content: str
    example: str = ""
    lasts: int = 2
    choices: dict[str, list[str]] = field(default_factory=dict)
    banned: bool = False
    # Only for templates of the older library; those of the current one have a category instead.
    industry: int = 0

    @property
    def fields(self) -> list[str]:
        return PLACE.findall(self.content)


@dataclass(slots=True)
class Held:
    """A template message that the platform intercepted."""

    id: int
    template_id: str
    title: str
    content: str
    openid: str
    at: int


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """A template of the public library, with its keywords as (name, type, example)."""

    tid: str
    title: str
    category: int
    keywords: tuple[tuple[str, str, str], ...]
    lasts: int = 2


CATEGORIES = {616: "运动健身", 617: "教育培训", 618: "线下超市"}
LIBRARY = {
    each.tid: each
    for each in (
        LibraryEntry(
            "1024",
            "预约提醒",
            616,
            (
                ("预约时间", "time", "2026年2月7日 10:00"),
                ("门店", "thing", "天河店"),
                ("教练", "name", "林教练"),
                ("场地", "enum", "室内"),
            ),
        ),
        LibraryEntry(
            "1025",
            "课程开课通知",
            617,
            (
                ("课程名称", "thing", "瑜伽入门"),
                ("开课时间", "date", "2026年2月7日"),
                ("上课地点", "thing", "天河店二楼"),
                ("联系电话", "phone_number", "020-12345678"),
            ),
        ),
        LibraryEntry(
            "1026",
            "订单发货通知",
            618,
            (
                ("订单号", "character_string", "A20260207001"),
                ("订单金额", "amount", "¥99.80"),
                ("快递公司", "thing", "顺丰速运"),
                ("快递状态", "phrase", "运输中"),
                ("车牌号", "car_number", "粤A12345"),
            ),
        ),
        LibraryEntry(
            "47123",
            "预约成功提醒",
            616,
            (
                ("预约时间", "time", "2026年2月7日 10:00"),
                ("门店名称", "thing", "天河店"),
                ("预约项目", "thing", "体验课"),
            ),
        ),
        LibraryEntry(
            "47124",
            "付款成功通知",
            618,
            (
                ("商品名称", "thing", "会员卡"),
                ("付款金额", "amount", "¥99.80"),
                ("付款时间", "time", "2026年2月7日 10:00"),
                ("订单编号", "character_string", "A20260207001"),
            ),
        ),
    )
}
CHOICES = {"场地": ["室内", "室外"]}


def new_id() -> str:
    return secrets.token_urlsafe(33)[:43]


def made(kind: str, entry: LibraryEntry, chosen: list[int]) -> Template:
    """Returns a template with the chosen keywords of a library entry, numbered in this order."""
    lines, examples, choices = [], [], {}
    for number, place in enumerate(chosen, start=1):
        name, typed, example = entry.keywords[place]
        lines.append(f"{name}:{{{{{typed}{number}.DATA}}}}")
        examples.append(f"{name}:{example}")
        if typed == "enum":
            choices[f"{typed}{number}"] = CHOICES[name]
    content, example = "\n".join(lines) + "\n", "\n".join(examples) + "\n"
    return Template(new_id(), kind, entry.title, content, example, entry.lasts, choices)


# --- checks of values


def _short(characters: int) -> Callable[[str], bool]:
    return lambda value: len(value) <= characters


def _form(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: bool(compiled.fullmatch(value))


_DAY = r"\d{4}(?:年\d{1,2}月\d{1,2}日|-\d{1,2}-\d{1,2}|/\d{1,2}/\d{1,2}|\.\d{1,2}\.\d{1,2})"
_CLOCK = r"\d{1,2}:\d{2}(?::\d{2})?"
_TIME = rf"(?:{_DAY}\s*)?{_CLOCK}"
_DATE = rf"{_DAY}(?:\s*{_CLOCK})?"
RULES: dict[str, Callable[[str], bool]] = {
    "thing": _short(20),
    "number": _form(r"-?\d{1,32}(\.\d{1,31})?"),
    "letter": _form(r"[A-Za-z]{1,32}"),
    "symbol": _short(5),
    "character_string": _form(r"[\x20-\x7e]{1,32}"),
    "time": _form(rf"{_TIME}(?:\s*~\s*{_TIME})?"),
    "date": _form(rf"{_DATE}(?:\s*~\s*{_DATE})?"),
    "amount": _form(r"[¥￥$€£]?\d{1,10}(\.\d{1,9})?元?"),
    "phone_number": _form(r"[\d+() -]{1,17}"),
    "car_number": _form(r"[\u4e00-\u9fffA-Za-z0-9·-]{1,8}"),
    "name": lambda value: len(value) <= (20 if value.isascii() else 10),
    "phrase": _form(r"[\u4e00-\u9fff]{1,5}"),
}


def value_of(given: Any) -> str:
    """Returns the value of a field of the data as text; empty if there is none.

    A number is accepted like a text.
    """
    value = given.get("value") if isinstance(given, dict) else None
    good = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value) if good else ""


def check(template: Template, data: dict[str, Any]) -> None:
    """Checks the data of a template. Raises 47003 for the first field that is missing or breaks its rule."""
    for name in template.fields:
        given = data.get(name)
        value = value_of(given)
        typed = name.rstrip("0123456789")
        rule = RULES.get(typed)
        listed = template.choices.get(name)
        broken = (rule and not rule(value)) or (listed and value not in listed)
        if not value or broken or any(ord(each) < 32 for each in value):
            raise ApiError(47003, f"data.{name}.value")
