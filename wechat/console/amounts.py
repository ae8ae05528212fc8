"""The amounts that people type in yuan and that are kept in fen."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from wechat.sdk.pay.money import typed, yuan

LONGEST = 20


class AmountField(forms.Field):
    """A form field in yuan whose value is a number of fen, or ``None`` if it is empty."""

    widget = forms.TextInput
    default_error_messages = {"invalid": _("Enter an amount such as 12.34.")}

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off", "maxlength": LONGEST}

    def prepare_value(self, value: Any) -> Any:
        return yuan(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        if value is None or not str(value).strip():
            return None
        try:
            return typed(str(value))
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None


def money(amount: int) -> SafeString:
    """Returns an amount in fen as text in yuan, for pages of the console."""
    return format_html('<span class="money">¥{}</span>', yuan(amount))
