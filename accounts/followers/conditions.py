"""The kinds of conditions that every account has: the platform's profile, tags, dates, custom fields."""

import datetime
from collections.abc import Iterator
from functools import partial
from typing import Any

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.followers.activity import scene_number
from accounts.followers.comparisons import (
    MOMENTS,
    NUMBERS,
    ONE_OF,
    TEXTS,
    YES_NO,
    by_moment,
    by_number,
    by_text,
    moment,
    nothing,
    number,
    text,
)
from accounts.followers.labels import SCENES
from accounts.followers.models import CustomField, FieldValue, Follower, Tag
from accounts.followers.segments import ConditionKind, condition, family
from accounts.official.models import OfficialAccount

HAVING = {"has": _("has"), "not": _("does not have")}


@condition("subscribed", _("follows"), YES_NO, nothing)
def subscribed(account: OfficialAccount, compare: str, value: Any) -> Q:
    return Q(subscribed=compare == "yes")


def _tags(account: OfficialAccount, compare: str) -> forms.Field:
    return forms.ModelChoiceField(Tag.objects.filter(account=account), empty_label=None)


@condition("tag", _("tag"), HAVING, _tags)
def tagged(account: OfficialAccount, compare: str, value: Tag) -> Q:
    having = Exists(Follower.tags.through.objects.filter(follower=OuterRef("pk"), tag=value))
    return Q(having) if compare == "has" else ~Q(having)


@condition("followed", _("followed"), MOMENTS, moment)
def followed(account: OfficialAccount, compare: str, value: Any) -> Q:
    return by_moment("subscribed_at", compare, value)


@condition("first_followed", _("first followed"), MOMENTS, moment)
def first_followed(account: OfficialAccount, compare: str, value: Any) -> Q:
    return by_moment("first_subscribed_at", compare, value)


@condition("left", _("left"), MOMENTS, moment)
def left(account: OfficialAccount, compare: str, value: Any) -> Q:
    return by_moment("unsubscribed_at", compare, value)


@condition("seen", _("last interaction"), MOMENTS, moment)
def seen(account: OfficialAccount, compare: str, value: Any) -> Q:
    return by_moment("last_seen_at", compare, value)


def _scenes(account: OfficialAccount, compare: str) -> forms.Field:
    return forms.ChoiceField(choices=list(SCENES.items()))


@condition("scene", _("came by"), ONE_OF, _scenes)
def came_by(account: OfficialAccount, compare: str, value: str) -> Q:
    return Q(subscribe_scene=value, _negated=compare == "not")


@condition("channel", _("channel (scene text)"), TEXTS, text)
def channel(account: OfficialAccount, compare: str, value: Any) -> Q:
    """Returns the filter for the channel of a QR code; a number is also compared with numeric scenes."""
    by = by_text("qr_scene_str", compare, value)
    number = scene_number(str(value)) if compare == "is" else None
    return by if number is None else by | Q(qr_scene=number)


@condition("remark", _("remark"), TEXTS, text, is_personal=True)
def remarked(account: OfficialAccount, compare: str, value: Any) -> Q:
    return by_text("remark", compare, value)


@condition("blacklisted", _("blacklisted"), YES_NO, nothing)
def blacklisted(account: OfficialAccount, compare: str, value: Any) -> Q:
    return Q(blacklisted=compare == "yes")


@condition("unionid", _("has a UnionID, and so can be recognised in other accounts"), YES_NO, nothing)
def united(account: OfficialAccount, compare: str, value: Any) -> Q:
    return Q(unionid="", _negated=compare == "yes")


# --- Custom fields: one kind of condition for each field

_COMPARES = {
    CustomField.Kind.TEXT: {"is": TEXTS["is"], "contains": TEXTS["contains"], "filled": TEXTS["filled"]},
    CustomField.Kind.NUMBER: NUMBERS,
    CustomField.Kind.DATE: {name: MOMENTS[name] for name in ("within", "longer", "from", "before")},
    CustomField.Kind.CHOICE: ONE_OF,
    CustomField.Kind.YES_NO: YES_NO,
}


@family
def custom_fields(account: OfficialAccount) -> Iterator[ConditionKind]:
    for field in CustomField.objects.filter(account=account):
        yield ConditionKind(
            f"custom.{field.pk}",
            field.name,
            _COMPARES[CustomField.Kind(field.kind)],
            partial(_custom_value, field),
            partial(_custom, field),
            is_personal=True,
        )


def _custom_value(field: CustomField, account: OfficialAccount, compare: str) -> forms.Field | None:
    match CustomField.Kind(field.kind):
        case CustomField.Kind.TEXT:
            return text(account, compare)
        case CustomField.Kind.NUMBER:
            return number(account, compare)
        case CustomField.Kind.DATE:
            return moment(account, compare)
        case CustomField.Kind.CHOICE:
            return forms.ChoiceField(choices=[(option, option) for option in field.options])
        case CustomField.Kind.YES_NO:
            return None


def _custom(field: CustomField, account: OfficialAccount, compare: str, value: Any) -> Q:
    values = FieldValue.objects.filter(field=field, follower=OuterRef("pk"))
    return (
        ~Q(Exists(values.filter(_value(field, "is", value))))
        if compare == "not"
        else Q(Exists(values.filter(_value(field, compare, value))))
    )


def _value(field: CustomField, compare: str, value: Any) -> Q:
    match CustomField.Kind(field.kind):
        case CustomField.Kind.TEXT | CustomField.Kind.CHOICE:
            return by_text("text", compare, value)
        case CustomField.Kind.NUMBER:
            return by_number("number", compare, value)
        case CustomField.Kind.YES_NO:
            return Q(number=1 if compare == "yes" else 0)
        case CustomField.Kind.DATE:
            return _by_day(compare, value)


def _by_day(compare: str, value: Any) -> Q:
    if compare in {"within", "longer"}:
        value = timezone.localdate() - datetime.timedelta(days=value)
    return Q(**{f"date__{'gte' if compare in {'within', 'from'} else 'lt'}": value})
