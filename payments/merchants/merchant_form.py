"""The form of a merchant; keys can be entered, but are never shown."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextareaWidget,
)

from accounts.staff.account_form import show_secret_state
from payments.merchants import receipt
from payments.merchants.models import SECRETS, Merchant
from wechat.contents.checks import check_variables
from wechat.contents.text_editor import read_in_words

KEEP = {"autocomplete": "off", "spellcheck": "false"}


class MerchantForm(forms.ModelForm[Merchant]):
    """The form of a merchant; an empty field keeps the stored key, which is never sent to the page."""

    new_private_key = forms.CharField(
        label=_("private key"), required=False, widget=UnfoldAdminTextareaWidget(attrs={**KEEP, "rows": 4})
    )
    new_api_v3_key = forms.CharField(
        label=_("APIv3 key"),
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={**KEEP, "autocomplete": "new-password"}),
    )

    new_api_v2_key = forms.CharField(
        label=_("APIv2 key"),
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={**KEEP, "autocomplete": "new-password"}),
    )

    class Meta:
        model = Merchant
        fields = (
            "name", "slug", "mchid", "serial_no", "public_key_id", "public_key", "accounts", "receipt_text",
            "protocol", "certificate", "enabled",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in SECRETS:
            show_secret_state(self.fields[f"new_{name}"], self.instance, name)
        if "receipt_text" in self.fields:
            self.fields["receipt_text"].widget = receipt.editor()
            read_in_words(self, "receipt_text", receipt.VARIABLES)

    def clean_receipt_text(self) -> str:
        text: str = self.cleaned_data["receipt_text"]
        check_variables(text, receipt.VARIABLES)
        return text.replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in SECRETS:
            if secret := cleaned.get(f"new_{name}", "").strip():
                setattr(self.instance, name, secret)
        return cleaned
