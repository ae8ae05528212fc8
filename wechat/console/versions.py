"""The differences between two versions of a row, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from wechat.console.when import in_words

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """The values of a field in two versions, as texts."""

    field: str
    old: str
    new: str


def differences(old: Words, new: Words) -> list[Difference]:
    """Returns the fields that say something else, in their order."""
    names = dict.fromkeys([*new, *old])
    changed = [name for name in names if old.get(name, "") != new.get(name, "")]
    return [Difference(name, old.get(name, ""), new.get(name, "")) for name in changed]


def filled_in(tracked: Iterable[models.Field[Any, Any]]) -> list[models.Field[Any, Any]]:
    """Returns those of the fields that people fill in; what else a row knows is of now in every version."""
    return [field for field in tracked if field.editable and not field.primary_key]


def words_of(row: models.Model, tracked: Iterable[models.Field[Any, Any]]) -> dict[str, str]:
    """Returns what those fields of a row that people fill in say, by their labels."""
    return {str(capfirst(field.verbose_name)): _text(row, field) for field in filled_in(tracked)}


def _text(row: models.Model, field: models.Field[Any, Any]) -> str:
    if isinstance(field, models.ForeignKey):
        return str(getattr(row, field.name, None) or "")
    value = getattr(row, field.attname)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    of_each: Any = getattr(field, "base_field", field)
    choices = dict(of_each.flatchoices or ())
    if isinstance(value, list):
        # What has no choices need not be hashable: conditions are mappings, and said by their own page.
        return _(", ").join(str(choices.get(each, each) if choices else each) for each in value)
    if isinstance(value, dict):
        return "\n".join(f"{name}: {each}" for name, each in value.items())
    if value in (None, ""):
        return str(choices.get(value, ""))
    return str(choices.get(value, in_words(value)))
