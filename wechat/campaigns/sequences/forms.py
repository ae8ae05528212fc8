"""The form of a sequence's settings (who enters, when, what ends it) and the filter of the list."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from accounts.followers.models import CustomField
from accounts.staff.pages import AccountForm
from wechat.campaigns.models import Sequence
from wechat.campaigns.sequences import triggers
from wechat.console import codes
from wechat.console.big_tables import FilterForm

# The trigger that each of these fields is for.
OF_TRIGGER = {
    "channel": "scan", "tag": "tag", "segment": "segment", "menu_key": "menu", "date_field": "date",
    "date_days": "date", "date_at": "date", "yearly": "date",
}  # fmt: skip


class SequenceForm(AccountForm):
    class Meta:
        model = Sequence
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        if "trigger" in fields:
            fields["trigger"] = _select(fields["trigger"], list(triggers.known().items()))
        for name, trigger in OF_TRIGGER.items():
            if name in fields:
                fields[name].widget.attrs |= {"data-shown-by": "trigger", "data-shown-for": trigger}
        if "date_field" in fields:
            dates = fields["date_field"].queryset.filter(kind=CustomField.Kind.DATE)
            fields["date_field"].queryset = dates
        if "reentry_days" in fields:
            fields["reentry_days"].widget.attrs |= {"data-shown-by": "reentry", "data-shown-for": "days"}

    def offer_menu_items(self, account_id: int | None) -> None:
        """Offers the menu items that have a key, by name, and always the current choice."""
        fields: Any = self.fields
        offered = codes.menu_keys.offered(account_id, self.instance.menu_key)
        shown = fields["menu_key"].widget.attrs
        fields["menu_key"] = _select(fields["menu_key"], [("", "–"), *offered])
        fields["menu_key"].widget.attrs |= shown

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        trigger = cleaned.get("trigger", "")
        for name in ("channel", "tag", "segment", "menu_key", "date_field"):
            if OF_TRIGGER[name] != trigger and name in cleaned:
                cleaned[name] = "" if name == "menu_key" else None
        needed = triggers.NEEDS.get(trigger)
        if needed and needed not in self.errors and not cleaned.get(needed):
            self.add_error(needed, _("Choose what it begins with."))
        if trigger == "date" and "date_at" not in self.errors and not cleaned.get("date_at"):
            self.add_error("date_at", _("Say at what time of day."))
        self._clean_reentry(cleaned, trigger)
        return cleaned

    def _clean_reentry(self, cleaned: dict[str, Any], trigger: str) -> None:
        if cleaned.get("reentry") != Sequence.Reentry.DAYS:
            cleaned["reentry_days"] = None
        elif not cleaned.get("reentry_days") and "reentry_days" not in self.errors:
            self.add_error("reentry_days", _("Say after how many days somebody may enter again."))
        if trigger == "segment" and cleaned.get("reentry") == Sequence.Reentry.ALWAYS:
            sentence = _("In a segment somebody is all the time: once, or again after some days.")
            self.add_error("reentry", sentence)


def _select(former: forms.Field, choices: list[Any]) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=former.label, choices=choices, required=former.required, widget=UnfoldAdminSelectWidget
    )


class SequenceFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("name"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(name__icontains=self.cleaned_data["q"]) if self.cleaned_data["q"] else rows
