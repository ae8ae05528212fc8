"""The forms of menus: the audience, and the schedule of a publication."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.staff.pages import AccountForm
from menus import publications
from menus.models import Menu
from wechat.console.days import moment_field


class AudienceForm(AccountForm):
    """The form for the audience of a menu."""

    class Meta:
        model = Menu
        fields = ("account", "name", "tag", "platform")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and cleaned.get("tag") is None and not cleaned.get("platform"):
            raise ValidationError(_("Choose a tag or a system: everybody has a menu already."))
        return cleaned


class ScheduleForm(forms.Form):
    """The form for the start of a publication, and optionally for the return to the former menu."""

    at = moment_field(gettext_lazy("from"), required=True)
    until = moment_field(gettext_lazy("back to the menu before at"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if at := cleaned.get("at"):
            for name, sentence in publications.wrong_times(at, cleaned.get("until")).items():
                self.add_error(name, sentence)
        return cleaned
