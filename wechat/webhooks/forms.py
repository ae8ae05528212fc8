"""The form of an endpoint."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.staff.pages import AccountForm
from wechat.webhooks import events
from wechat.webhooks.models import Endpoint


def event_choices() -> list[tuple[str, str]]:
    return [(name, f"{each.label} ({name})") for name, each in events.known().items()]


class EndpointForm(AccountForm):
    events = forms.MultipleChoiceField(
        label=_("events"),
        required=False,
        choices=event_choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What the address is told of."),
    )

    class Meta:
        model = Endpoint
        fields = ("account", "url", "events", "enabled")

    def clean(self) -> dict[str, Any]:
        """Starts anew an endpoint that is switched on again: its failures are forgotten."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("enabled") and self.instance.switched_off_at:
            self.instance.switched_off_at = self.instance.failing_since = None
        return cleaned


class SampleForm(forms.Form):
    event = forms.ChoiceField(label=_("event"), choices=event_choices)
