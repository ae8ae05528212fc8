"""The fields of a template, and the platform's rules for their values.

Reference: WeChat reference 9.3, the table of typed names.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wechat.console.phrases import listed

PLACE = re.compile(r"([^\n{}]*)\{\{\s*(\w+)\.DATA\s*\}\}")
CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
DAY = r"\d{4}(年(0?[1-9]|1[0-2])月(0?[1-9]|[12]\d|3[01])日|[-/.](0?[1-9]|1[0-2])[-/.](0?[1-9]|[12]\d|3[01]))"
# The types whose allowed values come with the template.
LISTED = frozenset({"enum", "const"})
LONGEST_THING = 20
BREAKS_RULE = "breaks_rule"


@dataclass(frozen=True, slots=True)
class TemplateField:
    """A field of a template.

    ``name`` is the platform's, such as ``thing4``; ``label`` is what a follower reads before the value.
    """

    name: str
    label: str
    choices: Sequence[str] = ()

    @property
    def type(self) -> str:
        """Returns the field's type: the name without its number; the names of old templates are no types."""
        return self.name.rstrip("0123456789")

    @property
    def hint(self) -> str:
        rule = RULES.get(self.type)
        return str(rule.hint) if rule else ""

    def check(self, value: str) -> None:
        """Checks a value of the field. Raises ``ValidationError``.

        For a value that breaks the rule of its type, ``hint`` says what to do, which forms show anyway.
        """
        if not value.strip():
            raise ValidationError(_("Enter a value: WeChat refuses a message with an empty field."))
        if re.search(r"[\x00-\x1f\x7f]", value):
            raise ValidationError(_("A value is one line, without line breaks or tabs."))
        if self.type in LISTED and self.choices and value not in self.choices:
            raise ValidationError(_("Choose one of: %(choices)s") % {"choices": listed(self.choices)})
        rule = RULES.get(self.type)
        if rule and not rule.allows(value):
            raise ValidationError(
                _("WeChat would not take “%(value)s” here.") % {"value": value}, BREAKS_RULE
            )

    def fit(self, value: str) -> str:
        """Returns the value as a message can carry it: a longer ``thing`` is cut, as nobody would get it."""
        too_long = self.type == "thing" and len(value) > LONGEST_THING
        return f"{value[: LONGEST_THING - 1]}…" if too_long else value


@dataclass(frozen=True, slots=True)
class ValueRule:
    allows: Callable[[str], bool]
    hint: str | Promise


def at_most(characters: int) -> Callable[[str], bool]:
    return lambda value: len(value) <= characters


def like(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _is_name(value: str) -> bool:
    letters = value.replace(" ", "").replace("·", "")
    return len(value) <= (20 if letters.isascii() else 10) and letters.isalpha()


def _moments(one: str) -> Callable[[str], bool]:
    compiled = re.compile(one)
    return lambda value: all(compiled.fullmatch(part.strip()) for part in value.split("~", 1))


RULES: Mapping[str, ValueRule] = {
    "thing": ValueRule(at_most(LONGEST_THING), gettext_lazy("At most 20 characters.")),
    "number": ValueRule(
        lambda value: like(r"-?[0-9]+(\.[0-9]+)?")(value) and sum(map(str.isdigit, value)) <= 32,
        gettext_lazy("A number of at most 32 digits, decimals allowed."),
    ),
    "letter": ValueRule(like(r"[A-Za-z]{1,32}"), gettext_lazy("At most 32 letters A to Z.")),
    "symbol": ValueRule(
        lambda value: len(value) <= 5 and not any(each.isalnum() for each in value),
        gettext_lazy("At most 5 symbols."),
    ),
    "character_string": ValueRule(
        like(r"[\x21-\x7e]{1,32}"), gettext_lazy("At most 32 letters, digits or symbols, no Chinese.")
    ),
    "time": ValueRule(
        _moments(rf"({DAY} ?)?{CLOCK}"),
        gettext_lazy("A time such as 15:01 or 2026年2月7日 15:01; a span with ~ between."),
    ),
    "date": ValueRule(
        _moments(rf"{DAY}( ?{CLOCK})?"),
        gettext_lazy("A date such as 2026年2月7日 or 2026-02-07, with or without a time; a span with ~."),
    ),
    "amount": ValueRule(
        lambda value: like(r"[¥￥$€£]?[0-9]+(\.[0-9]+)?元?")(value) and sum(map(str.isdigit, value)) <= 10,
        gettext_lazy("An amount such as ¥99.80 or 99.80元, at most 10 digits."),
    ),
    "phone_number": ValueRule(
        like(r"[0-9+\-() ]{1,17}"), gettext_lazy("At most 17 digits and symbols, as +86-0766-66888866.")
    ),
    "car_number": ValueRule(
        like(r"[\u4e00-\u9fffA-Za-z0-9][A-Za-z0-9·-]{0,6}[\u4e00-\u9fffA-Za-z0-9]?"),
        gettext_lazy("At most 8 characters; the first and the last may be Chinese."),
    ),
    "name": ValueRule(_is_name, gettext_lazy("At most 10 Chinese characters or 20 letters.")),
    "phrase": ValueRule(like(r"[\u4e00-\u9fff]{1,5}"), gettext_lazy("At most 5 Chinese characters.")),
}


def fields_of(content: str, choices: Mapping[str, Sequence[str]] | None = None) -> list[TemplateField]:
    """Returns the distinct fields in a template's wording, in order."""
    found: dict[str, TemplateField] = {}
    for label, name in PLACE.findall(content):
        listed = (choices or {}).get(name, ())
        found.setdefault(name, TemplateField(name, label.strip(" :：\t"), tuple(listed)))
    return list(found.values())


def check_all(fields: Sequence[TemplateField], values: Mapping[str, str]) -> dict[str, list[str]]:
    """Returns the errors of the values, with what to do, by field name; empty if all of them may be sent."""
    wrong: dict[str, list[str]] = {}
    for field in fields:
        try:
            field.check(values.get(field.name, ""))
        except ValidationError as error:
            wrong[field.name] = [*error.messages, *([field.hint] if error.code == BREAKS_RULE else [])]
    return wrong
