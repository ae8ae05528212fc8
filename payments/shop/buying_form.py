"""The form that a payer fills in before an order is created."""

import unicodedata
import uuid
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.shop.models import Item, ItemField
from payments.shop.selling import Answers, NotForSale, check_amount
from payments.shop.telephones import TELEPHONE
from wechat.console.amounts import AmountField
from wechat.sdk.pay.money import yuan

Kind = ItemField.Kind
LENGTHS = {Kind.NAME: 40, Kind.PHONE: 20, Kind.ADDRESS: 200, Kind.TEXT: 200}
PHONE = RegexValidator(TELEPHONE, gettext_lazy("This is no telephone number."))
FILLED_BY_PHONE: dict[str, dict[str, str]] = {
    Kind.NAME: {"autocomplete": "name"},
    Kind.PHONE: {"autocomplete": "tel", "inputmode": "tel"},
    Kind.ADDRESS: {"autocomplete": "street-address"},
    Kind.TEXT: {"autocomplete": "off"},
}


class PhoneField(forms.CharField):
    """A field for a telephone number that accepts full-width digits, as Chinese input methods type them."""

    def to_python(self, value: Any) -> Any:
        return unicodedata.normalize("NFKC", super().to_python(value) or "").strip()


class BuyingForm(forms.Form):
    """The form of a payer; ``price`` is what they were shown, so that nobody pays a changed price unasked."""

    key = forms.RegexField(r"^[0-9a-f]{32}$", widget=forms.HiddenInput)
    template_name = "shop/fields.html"
    use_required_attribute = False

    def __init__(self, item: Item, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"key": uuid.uuid4().hex, "price": item.price})
        super().__init__(*args, **kwargs)
        self.item = item
        self.asked = list(item.fields.all())
        if item.price is None:
            self.fields["amount"] = AmountField(
                label=_("Amount in yuan"),
                help_text=_("From ¥%(least)s to ¥%(most)s.") % _bounds(item),
                error_messages={"required": _("Enter an amount.")},
            )
        else:
            self.fields["price"] = forms.IntegerField(widget=forms.HiddenInput)
        for each in self.asked:
            self.fields[_name(each)] = _field(each)

    def clean_amount(self) -> int:
        """Returns the amount in fen. Raises ``ValidationError`` if the item is not sold for it."""
        total: int = self.cleaned_data["amount"]
        try:
            check_amount(self.item, total)
        except NotForSale as refused:
            raise forms.ValidationError(refused.sentence) from None
        return total

    @property
    def total(self) -> int:
        chosen: int = self.cleaned_data["amount" if self.item.price is None else "price"]
        return chosen

    @property
    def answers(self) -> Answers:
        return [(each.label, self.cleaned_data[_name(each)]) for each in self.asked]

    @property
    def name_given(self) -> str:
        """Returns the name the payer gave, if they were asked for one."""
        names = [self.cleaned_data[_name(each)] for each in self.asked if each.kind == Kind.NAME]
        return names[0] if names else ""


def _name(field: ItemField) -> str:
    return f"field{field.pk}"


def _field(asked: ItemField) -> forms.Field:
    missing = {"required": _("Please fill in “%(label)s”.") % {"label": asked.label}}
    usual: dict[str, Any] = {"label": asked.label, "required": asked.required, "error_messages": missing}
    kind = Kind(asked.kind)
    if kind == Kind.CHOICE:
        choices = [("", _("Please choose")), *((option, option) for option in asked.options)]
        return forms.ChoiceField(choices=choices, **usual)
    widget = forms.Textarea(attrs={"rows": 2}) if kind == Kind.ADDRESS else forms.TextInput()
    widget.attrs |= FILLED_BY_PHONE[kind]
    if kind == Kind.PHONE:
        return PhoneField(max_length=LENGTHS[kind], widget=widget, validators=[PHONE], **usual)
    return forms.CharField(max_length=LENGTHS[kind], widget=widget, **usual)


def _bounds(item: Item) -> dict[str, str]:
    return {"least": yuan(item.least or 0), "most": yuan(item.most or 0)}
