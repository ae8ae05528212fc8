"""How an order was shipped, as staff type it."""

import logging
import re
from typing import Any

from django import forms
from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from payments.orders.models import Shipment
from wechat.sdk.calls import shipping
from wechat.sdk.errors import WeChatError

log = logging.getLogger(__name__)

KEPT_SECONDS = 6 * 3600
LAST_DIGITS = 4


class ShippingForm(forms.Form):
    how = forms.TypedChoiceField(
        label=gettext_lazy("Way of delivery"), choices=Shipment.How.choices, coerce=int
    )
    company = forms.CharField(
        label=gettext_lazy("Carrier"),
        max_length=128,
        required=False,
        help_text=gettext_lazy("WeChat's short name of the carrier, as SF: choose one from the list."),
        widget=forms.TextInput(attrs={"list": "carriers", "autocomplete": "off"}),
    )
    number = forms.CharField(label=gettext_lazy("Parcel number"), max_length=128, required=False)
    contact = forms.CharField(
        label=gettext_lazy("Receiver's telephone"),
        max_length=32,
        required=False,
        help_text=gettext_lazy("For SF only. WeChat is told the last four digits, and nothing else is kept."),
    )

    def clean_contact(self) -> str:
        """Masked at once."""
        digits = re.sub(r"\D", "", self.cleaned_data["contact"])
        return f"{digits[:3]}****{digits[-LAST_DIGITS:]}" if len(digits) > LAST_DIGITS + 3 else ""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("how") != Shipment.How.EXPRESS:
            return {**given, "company": "", "number": "", "contact": ""}
        for name in ("company", "number"):
            if not given.get(name):
                self.add_error(name, _("A parcel has a carrier and a number."))
        if given.get("company") == shipping.CARRIER_WITH_CONTACT and not given.get("contact"):
            self.add_error("contact", _("SF wants the receiver's telephone number."))
        return given


def carriers(account: OfficialAccount) -> dict[str, str]:
    """Returns the carriers that WeChat knows; none while it does not answer: their ids can be typed."""
    name = f"shipping.carriers:{account.pk}"
    known: dict[str, str] | None = cache.get(name)
    if known is None:
        try:
            known = shipping.companies(client_for(account))
        except WeChatError as error:
            log.warning("carriers_unknown", extra={"account": account.slug, "error": str(error)})
            return {}
        cache.set(name, known, KEPT_SECONDS)
    return known
