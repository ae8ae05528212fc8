"""The form with which finance pays out an abnormal refund."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.orders.banks import DEBIT_CARDS
from wechat.sdk.pay.refunds import BankCard

CARD, MERCHANT = "card", "merchant"


class PayOutForm(forms.Form):
    to = forms.ChoiceField(
        label=gettext_lazy("Pay it to"),
        choices=[
            (CARD, gettext_lazy("another card of the payer")),
            (MERCHANT, gettext_lazy("the merchant's bank account")),
        ],
    )
    bank = forms.ChoiceField(
        label=gettext_lazy("Bank"), choices=[("", "–"), *DEBIT_CARDS.items()], required=False
    )
    number = forms.RegexField(
        r"^[0-9 ]{12,30}$",
        label=gettext_lazy("Card number"),
        required=False,
        error_messages={"invalid": gettext_lazy("A card number has digits only.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    holder = forms.CharField(
        label=gettext_lazy("Name on the card"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("to") == CARD:
            for name in ("bank", "number", "holder"):
                if name not in self.errors and not cleaned.get(name):
                    self.add_error(name, _("Needed for a card."))
        return cleaned

    def card(self) -> BankCard | None:
        chosen = self.cleaned_data
        if chosen["to"] == MERCHANT:
            return None
        return BankCard(chosen["bank"], chosen["number"].replace(" ", ""), chosen["holder"])
