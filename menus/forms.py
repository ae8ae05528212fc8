"""What staff fill in about menus besides the menu itself."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.pages import AccountForm
from menus.models import Menu

FARTHEST = datetime.timedelta(days=365)


class AudienceForm(AccountForm):
    """Whom a menu is for."""

    class Meta:
        model = Menu
        fields = ("account", "name", "tag", "platform")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors and cleaned.get("tag") is None and not cleaned.get("platform"):
            raise ValidationError(_("Choose a tag or a system: everybody has a menu already."))
        return cleaned


class ScheduleForm(forms.Form):
    """From when, and until when if it is to return by itself."""

    at = forms.DateTimeField(
        label=gettext_lazy("from"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    until = forms.DateTimeField(
        label=gettext_lazy("back to the menu before at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        at, until, now = cleaned.get("at"), cleaned.get("until"), timezone.now()
        if at and at < now:
            self.add_error("at", _("This time has passed: choose a later one, or publish now."))
        elif at and at > now + FARTHEST:
            self.add_error("at", _("This is more than a year away."))
        if at and until and until <= at:
            self.add_error("until", _("The end must be later than the beginning."))
        return cleaned
