"""The forms of a segment and of its conditions; a condition's fields depend on the choices made in it."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import segments
from accounts.followers.models import Segment
from accounts.followers.segments import Condition
from accounts.official.models import OfficialAccount
from wechat.console.edit_conflicts import EditForm

MOST_CONDITIONS = 20


class ConditionsInput(forms.HiddenInput):
    """The input of all conditions at once: reads the fields of their forms, and has none of its own."""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Condition]:
        return rows_in(data)

    def render(self, *args: Any, **kwargs: Any) -> SafeString:
        return SafeString("")


class ConditionsField(forms.Field):
    """The conditions of a form's row, which are edited in forms beside it."""

    widget = ConditionsInput

    def show(self, form: forms.ModelForm[Any], account: OfficialAccount) -> None:
        """Sets the conditions before they are edited."""
        self.account, self.label = account, _("conditions")
        form.initial["conditions"] = list(form.instance.conditions)

    def prepare_value(self, value: Any) -> str:
        return " · ".join(segments.in_words(self.account, value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial != data)


class SegmentForm(EditForm, forms.ModelForm[Segment]):
    conditions = ConditionsField(required=False)

    class Meta:
        model = Segment
        fields = ("name", "match")

    def __init__(self, *args: Any, account: OfficialAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.account = account
        cast(ConditionsField, self.fields["conditions"]).show(self, account)

    def validate_unique(self) -> None:
        """Checks that the name is unique in the account, which is no field of the form."""
        try:
            self.instance.validate_constraints()
        except ValidationError as error:
            self.add_error("name", error.messages[0])


class ConditionForm(forms.Form):
    """One condition: its field, one of the field's comparisons, and the value that the comparison needs."""

    field = forms.ChoiceField(label=gettext_lazy("what"))
    compare = forms.ChoiceField(label=gettext_lazy("comparison"))

    def __init__(self, account: OfficialAccount, row: Condition, number: int) -> None:
        known = segments.offered(account)
        kind = known.get(row["field"]) or next(iter(known.values()))
        compare = row["compare"] if row["compare"] in kind.compares else next(iter(kind.compares))
        self.row: Condition = {"field": kind.name, "compare": compare, "value": row["value"]}
        prefix = f"c{number}"
        super().__init__({f"{prefix}-{name}": value for name, value in self.row.items()}, prefix=prefix)
        fields: Any = self.fields
        fields["field"].choices = [(each.name, each.label) for each in known.values()]
        fields["compare"].choices = list(kind.compares.items())
        if (value := kind.value(account, compare)) is not None:
            value.label = _("value")
            self.fields["value"] = value


def rows_in(data: Mapping[str, Any]) -> list[Condition]:
    """Returns the posted conditions, without the one to "remove", and with an empty one after "add"."""
    rows: list[Condition] = []
    for number in range(MOST_CONDITIONS):
        name = f"c{number}"
        if f"{name}-field" in data and data.get("remove") != name:
            values = {each: str(data.get(f"{name}-{each}", "")) for each in ("field", "compare", "value")}
            rows.append(Condition(field=values["field"], compare=values["compare"], value=values["value"]))
    if "add" in data and len(rows) < MOST_CONDITIONS:
        rows.append(Condition(field="", compare="", value=""))
    return rows


def conditions(account: OfficialAccount, rows: Sequence[Condition]) -> list[ConditionForm]:
    """Returns a form for each of the conditions.

    Raises ``PermissionDenied`` if one uses what was withheld from the reader of the page.
    """
    if segments.are_withheld(account, rows):
        raise PermissionDenied(
            _(
                "A condition asks for names, remarks or the account's own fields, which its owner withheld "
                "from your role. What it means stays as it is; somebody who may see them can change it."
            )
        )
    return [ConditionForm(account, row, number) for number, row in enumerate(rows)]
