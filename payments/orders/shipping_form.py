"""The form for the shipment of an order."""

import logging
from typing import Any

from django import forms
from django.core.cache import cache
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from payments.orders.models import Shipment
from payments.orders.shipping import masked
from wechat.console.edit_conflicts import EditForm
from wechat.sdk.calls import shipping
from wechat.sdk.errors import WeChatError

log = logging.getLogger(__name__)

KEPT_SECONDS = 6 * 3600


class ShippingForm(EditForm, forms.Form):
    how = forms.TypedChoiceField(
        label=gettext_lazy("Way of delivery"), choices=Shipment.How.choices, coerce=int
    )
    company = forms.CharField(
        label=gettext_lazy("Carrier"),
        max_length=shipping.LONGEST,
        required=False,
        help_text=gettext_lazy("WeChat's short name of the carrier, as SF: choose one from the list."),
        widget=forms.TextInput(attrs={"list": "carriers", "autocomplete": "off"}),
    )
    number = forms.CharField(label=gettext_lazy("Parcel number"), max_length=shipping.LONGEST, required=False)
    contact = forms.CharField(
        label=gettext_lazy("Receiver's telephone"),
        max_length=32,
        required=False,
        help_text=gettext_lazy("For SF only. WeChat is told the last four digits, and nothing else is kept."),
    )
    others = forms.CharField(
        label=gettext_lazy("Other parcels of this order"),
        required=False,
        help_text=gettext_lazy("A line for each: carrier and number, as “YTO YT3750696145732”."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    more_to_come = forms.BooleanField(
        label=gettext_lazy("More parcels follow"),
        required=False,
        help_text=gettext_lazy("WeChat tells the payer that all is on its way once no more follow."),
    )

    def clean_contact(self) -> str:
        """Returns the telephone number masked, so that the full number is not stored."""
        return masked(self.cleaned_data["contact"])

    def clean_others(self) -> list[list[str]]:
        lines = [line.split() for line in self.cleaned_data["others"].splitlines() if line.strip()]
        for line in lines:
            if len(line) != 2 or any(len(word) > shipping.LONGEST for word in line):
                raise forms.ValidationError(
                    _("“%(line)s” is no carrier and number.") % {"line": " ".join(line)[:40]}
                )
        return lines

    def clean(self) -> dict[str, Any]:
        """Returns only ``how``, ``parcels`` and ``more_to_come``."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("how") != Shipment.How.EXPRESS:
            return {"how": given.get("how")}
        for name in ("company", "number"):
            if not given.get(name) and name not in self.errors:
                self.add_error(name, _("A parcel has a carrier and a number."))
        contact, others = given.get("contact", ""), given.get("others", ())
        numbers = [(given.get("company"), given.get("number")), *map(tuple, others)]
        if any(company == shipping.CARRIER_WITH_CONTACT for company, _number in numbers) and not contact:
            self.add_error("contact", _("SF wants the receiver's telephone number."))
        if len(set(numbers)) < len(numbers):
            self.add_error("others", _("A parcel is there twice."))
        if len(numbers) > shipping.MOST_PARCELS:
            self.add_error(
                "others", _("WeChat takes at most %(most)d parcels.") % {"most": shipping.MOST_PARCELS}
            )
        parcels = [
            shipping.Parcel(company, number, contact if company == shipping.CARRIER_WITH_CONTACT else "")
            for company, number in numbers
        ]
        return {"how": given["how"], "parcels": parcels, "more_to_come": given.get("more_to_come", False)}


def initial(known: Shipment | None) -> dict[str, Any]:
    """Returns the form's initial values from the shipment that was entered before."""
    if known is None:
        return {}
    first, *others = known.parcels.all() or [None]
    return {
        "how": known.how,
        "more_to_come": known.more_to_come,
        **({"company": first.company, "number": first.number} if first else {}),
        "others": "\n".join(map(str, others)),
    }


def carriers(account: OfficialAccount) -> dict[str, str]:
    """Returns the carriers that WeChat knows; none while it does not answer, when ids can be typed."""
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
