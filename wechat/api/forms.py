"""The form of an API client."""

import ipaddress
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from wechat.api import scopes
from wechat.api.models import ApiClient

# Lines, as the field asks for, or what else people put between two addresses.
BETWEEN = re.compile(r"[\s,，、;；]+")


def scope_choices() -> list[tuple[str, str]]:
    return [(name, f"{label} ({name})") for name, label in scopes.known()]


class NetworksField(forms.CharField):
    """A field for IP addresses and networks, one a line."""

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [_network(each) for each in _parts(super().clean(value))]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != _parts(str(data or ""))


class ApiClientForm(forms.ModelForm[ApiClient]):
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("scopes"),
        widget=forms.CheckboxSelectMultiple,
        choices=scope_choices,
        help_text=gettext_lazy("What the client may do. Give it no more than it needs."),
    )
    networks = NetworksField(
        label=gettext_lazy("allowed addresses"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "IP addresses or ranges such as 203.0.113.0/24, one a line. Empty: from everywhere."
        ),
    )

    class Meta:
        model = ApiClient
        fields = ("name", "accounts", "scopes", "networks", "per_minute", "enabled")
        widgets = {"accounts": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Whoever may only look has no such field.
        if accounts := self.fields.get("accounts"):
            # Without the admin's links to make another account in passing.
            accounts.widget = getattr(accounts.widget, "widget", accounts.widget)


def _parts(typed: str) -> list[str]:
    return list(filter(None, BETWEEN.split(typed)))


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        message = _("%(text)s is no IP address and no range of them.") % {"text": text}
        raise ValidationError(message) from None
