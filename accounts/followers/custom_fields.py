"""The values of custom fields: parsed from typed text or a table, shown, and saved."""

import datetime
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from accounts.followers.models import CustomField, FieldValue, Follower
from wechat.console.days import FIRST, LAST, day_field
from wechat.console.phrases import listed
from wechat.sdk.text import clean

Kind = CustomField.Kind
Value = str | Decimal | datetime.date | bool

LONGEST_TEXT = 200
YES = {"yes", "y", "true", "1", "是", "有", "对", "真", "√", "✓", "✔", "☑"}
NO = {"no", "n", "false", "0", "否", "无", "不", "错", "假", "×", "✗", "✘", "☐"}
DAY_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")
# What programs write behind a day: Excel its name and "0:00" in CSV, others seconds and parts of them.
TIME = re.compile(
    r"(?: *(?:星期|周)[一二三四五六日天])?"
    r"(?:[ T]+(?:上午|下午)?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?Z?)?$"
)
# A comma stands before each three digits: elsewhere it is the point of another country.
NUMBER = re.compile(
    r"[+-]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]{1,3})?%?",
    re.IGNORECASE,
)
# An input method for Chinese types digits and signs in full width.
HALF_WIDTH = {half + 0xFEE0: half for half in range(0x21, 0x7F)}
LARGEST = Decimal(10) ** 14


class BadValue(ValueError):
    """A text is no valid value of its field; the message says what a valid one looks like."""


def read(field: CustomField, text: str) -> Value:
    """Returns the value that a text stands for in a field. Raises ``BadValue``."""
    text = clean(text).strip()
    match Kind(field.kind):
        case Kind.TEXT:
            return _text(field, text)
        case Kind.NUMBER:
            return _number(field, text.translate(HALF_WIDTH))
        case Kind.DATE:
            return _day(field, text.translate(HALF_WIDTH))
        case Kind.CHOICE:
            return _choice(field, text)
        case Kind.YES_NO:
            return _yes_no(field, text.translate(HALF_WIDTH))


def _text(field: CustomField, text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise BadValue(_("“%(field)s” is longer than 200 characters.") % {"field": field.name})
    return text


def _number(field: CustomField, text: str) -> Decimal:
    percent = text.endswith("%")
    plain = text.removesuffix("%").replace(",", "")
    number = Decimal(plain) / (100 if percent else 1) if NUMBER.fullmatch(text) else LARGEST
    if abs(number) >= LARGEST:
        raise BadValue(_("“%(field)s”: “%(text)s” is no number.") % {"field": field.name, "text": text[:40]})
    return round(number, 4)


def _day(field: CustomField, text: str) -> datetime.date:
    written = TIME.sub("", text)
    for form in DAY_FORMS:
        with suppress(ValueError):
            day = datetime.datetime.strptime(written, form).date()
            if FIRST <= day <= LAST:
                return day
    raise BadValue(
        _("“%(field)s”: “%(text)s” is no date; write 2026-02-01.") % {"field": field.name, "text": text[:40]}
    )


def _choice(field: CustomField, text: str) -> str:
    if text not in field.options:
        raise BadValue(
            _("“%(field)s”: “%(text)s” is none of its choices: %(choices)s.")
            % {"field": field.name, "text": text[:40], "choices": listed(field.options)}
        )
    return text


def _yes_no(field: CustomField, text: str) -> bool:
    if text.lower() not in YES | NO:
        raise BadValue(
            _("“%(field)s”: write yes or no, not “%(text)s”.") % {"field": field.name, "text": text[:40]}
        )
    return text.lower() in YES


def form_field(field: CustomField) -> forms.Field:
    """Returns the form field for a custom field on a follower's page."""
    match Kind(field.kind):
        case Kind.TEXT:
            return forms.CharField(label=field.name, required=False, max_length=LONGEST_TEXT)
        case Kind.NUMBER:
            return forms.DecimalField(
                label=field.name, required=False, max_digits=18, decimal_places=4, localize=False
            )
        case Kind.DATE:
            return day_field(field.name)
        case Kind.CHOICE:
            choices = [("", "–"), *((option, option) for option in field.options)]
            return forms.ChoiceField(label=field.name, required=False, choices=choices)
        case Kind.YES_NO:
            answers = [("", "–"), ("yes", _("yes")), ("no", _("no"))]
            return forms.ChoiceField(label=field.name, required=False, choices=answers)


def initial(value: FieldValue) -> Any:
    """Returns a stored value as the initial value of its form field."""
    match Kind(value.field.kind):
        case Kind.NUMBER:
            return value.number.normalize() if value.number is not None else None
        case Kind.DATE:
            return value.date
        case Kind.YES_NO:
            return "yes" if value.number else "no"
    return value.text


def shown(value: FieldValue) -> str:
    match Kind(value.field.kind):
        case Kind.NUMBER:
            return f"{value.number.normalize():f}" if value.number is not None else ""
        case Kind.DATE:
            return value.date.isoformat() if value.date else ""
        case Kind.YES_NO:
            return _("yes") if value.number else _("no")
    return value.text


def of_followers(followers: Iterable[Follower]) -> dict[int, dict[int, FieldValue]]:
    """Returns the values of followers' custom fields, by the follower's id and then by the field's id."""
    found: dict[int, dict[int, FieldValue]] = {}
    for value in FieldValue.objects.filter(follower__in=list(followers)).select_related("field"):
        found.setdefault(value.follower_id, {})[value.field_id] = value
    return found


def save(given: Iterable[tuple[Follower, Mapping[CustomField, Value | None]]]) -> None:
    """Saves the given values in bulk; ``None`` or the empty text deletes a value."""
    rows, empty = [], []
    for follower, values in given:
        for field, value in values.items():
            if value is None or value == "":
                empty.append((field.pk, follower.pk))
            else:
                rows.append(_row(field, follower, value))
    for field_id in {pair[0] for pair in empty}:
        concerned = [follower_id for each, follower_id in empty if each == field_id]
        FieldValue.objects.filter(field=field_id, follower__in=concerned).delete()
    FieldValue.objects.bulk_create(
        rows,
        batch_size=5_000,
        update_conflicts=True,
        unique_fields=["field", "follower"],
        update_fields=["text", "number", "date"],
    )


def _row(field: CustomField, follower: Follower, value: Value) -> FieldValue:
    match value:
        case bool():
            return FieldValue(field=field, follower=follower, text="", number=Decimal(value))
        case Decimal():
            return FieldValue(field=field, follower=follower, text="", number=value)
        case datetime.date():
            return FieldValue(field=field, follower=follower, text="", date=value)
    return FieldValue(field=field, follower=follower, text=value)
