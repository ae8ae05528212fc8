"""Queries for followers that staff compose of conditions: field, comparison, value.

The kinds of conditions are registered; an app above adds its own in a module that its ``ready`` or its
``handlers`` import::

    @condition("orders.count", _("number of orders"), NUMBERS, number)
    def orders(account: OfficialAccount, compare: str, value: Any) -> Q:
        return by_number("paid_orders", compare, value)

The function returns a filter on ``Follower``. It must not join to many rows (use ``Exists``): conditions are
combined by "or" as well. Kinds that depend on the account's own data, such as its custom fields, are
registered as a ``family``. Comparisons that many kinds share are in ``comparisons``.

A kind that asks who somebody is, ``is_personal``, is for readers alone who may see that: whoever may count by
it finds it out. What somebody did is open to all who see followers. A saved segment is like a tag that its
author put on: everybody may use it, and does not read what it is compared with where that was withheld.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from wechat.console.phrases import joined
from wechat.kernel.registry import Registry

if TYPE_CHECKING:
    from accounts.followers.models import Segment

Query = Callable[[OfficialAccount, str, Any], Q]
# Returns the form field of a comparison's value, or ``None`` for a comparison without a value.
ValueField = Callable[[OfficialAccount, str], forms.Field | None]


class Condition(TypedDict):
    """One condition as it is stored; ``value`` is the raw value of its form field."""

    field: str
    compare: str
    value: str


@dataclass(frozen=True, slots=True)
class ConditionKind:
    """A kind of condition: its label, its comparisons, the form field of its value, and its filter."""

    name: str
    label: StrOrPromise
    compares: Mapping[str, StrOrPromise]
    value: ValueField
    query: Query
    is_personal: bool = False


class UnknownCondition(Exception):
    """A condition is no longer valid: its field, tag or choice was deleted."""


Family = Callable[[OfficialAccount], Iterable[ConditionKind]]

_kinds: Registry[ConditionKind] = Registry("kind of condition")
_families: Registry[Family] = Registry("family of conditions")


def condition(
    name: str,
    label: StrOrPromise,
    compares: Mapping[str, StrOrPromise],
    value: ValueField,
    *,
    is_personal: bool = False,
) -> Callable[[Query], Query]:
    """Registers the decorated filter; ``name`` is stored in segments and must never change."""

    def register(query: Query) -> Query:
        _kinds.add(name, ConditionKind(name, label, compares, value, query, is_personal))
        return query

    return register


def family(kinds_of: Family) -> Family:
    return _families.register(kinds_of)


def kinds(account: OfficialAccount) -> dict[str, ConditionKind]:
    """Returns all kinds of conditions for an account, by name, in the order in which they are offered."""
    own = {kind.name: kind for each in _families for kind in each(account)}
    return {**_kinds.by_name(), **own}


def offered(account: OfficialAccount) -> dict[str, ConditionKind]:
    """Returns the kinds of conditions that the reader of the page may use, by name."""
    is_hidden = personal_data.is_hidden_from_reader(account.pk)
    return {name: kind for name, kind in kinds(account).items() if not (is_hidden and kind.is_personal)}


def are_withheld(account: OfficialAccount, rows: Sequence[Condition]) -> bool:
    """Returns whether a condition uses a kind that is withheld from the reader of the page."""
    withheld = kinds(account).keys() - offered(account).keys()
    return any(row["field"] in withheld for row in rows)


def query(account: OfficialAccount, rows: Sequence[Condition], *, any_of: bool = False) -> Q:
    """Returns the filter on ``Follower`` for the conditions; without conditions it matches everybody.

    Raises ``UnknownCondition``.
    """
    known = kinds(account)
    combined = Q()
    for row in rows:
        meant = _meant(account, known, row)
        combined = combined | meant if any_of else combined & meant
    return combined


def _meant(account: OfficialAccount, known: Mapping[str, ConditionKind], row: Condition) -> Q:
    kind = known.get(row["field"])
    if kind is None or row["compare"] not in kind.compares:
        raise UnknownCondition(_("A condition of this segment asks for something that was deleted."))
    field = kind.value(account, row["compare"])
    try:
        value = field.clean(row["value"]) if field else None
    except ValidationError as error:
        sentence = _("The condition “%(condition)s”: %(error)s")
        raise UnknownCondition(
            sentence % {"condition": kind.label, "error": joined(error.messages)}
        ) from error
    return kind.query(account, row["compare"], value)


def fingerprint_of(segment: "Segment | None") -> str:
    """Returns the fingerprint of a segment's conditions; the empty text for no segment.

    Whoever looks at a segment, or agrees to a send to it, means these conditions and not later ones.
    """
    if segment is None:
        return ""
    asked = json.dumps([segment.match, segment.conditions], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()


def in_words(account: OfficialAccount, rows: Sequence[Condition]) -> list[str]:
    """Returns each condition as a line; one that is no longer valid says so."""
    return next(iter(all_in_words(account, [rows])))


def all_in_words(account: OfficialAccount, several: Iterable[Sequence[Condition]]) -> list[list[str]]:
    """Returns the conditions of several segments of an account as lines, with each name looked up once."""
    known = kinds(account)
    names: dict[str, Mapping[str, str]] = {}
    return [[_in_words(account, known, row, names) for row in rows] for rows in several]


def _in_words(
    account: OfficialAccount,
    known: Mapping[str, ConditionKind],
    row: Condition,
    names: dict[str, Mapping[str, str]],
) -> str:
    kind = known.get(row["field"])
    if kind is None or row["compare"] not in kind.compares:
        return _("(deleted)")
    field = kind.value(account, row["compare"])
    compare = str(kind.compares[row["compare"]])
    value = ""
    if isinstance(field, forms.ModelChoiceField):
        if kind.name not in names:
            names[kind.name] = {str(each.pk): str(each) for each in field.queryset or ()}
        value = names[kind.name].get(row["value"], _("(deleted)"))
    elif field is not None:
        value = _value_in_words(field, row["value"])
        value = personal_data.for_reader(value, account.pk) if kind.is_personal else value
    # A comparison such as "within the last … days" has a place for the value.
    comparison = compare.replace("…", value) if "…" in compare else f"{compare} {value}".rstrip()
    return f"{kind.label} {comparison}"


def _value_in_words(field: forms.Field, value: str) -> str:
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        return str(dict(choices).get(value, value))
    return value
