"""The form of an item: amounts are typed in yuan and kept in fen."""

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.staff.pages import AccountForm
from payments.orders.ordering import LARGEST_TOTAL
from payments.shop.models import HIGHEST_AMOUNT, Item, ItemField
from wechat.console.amounts import AmountField
from wechat.console.big_tables import FilterForm
from wechat.sdk.pay.money import yuan

FIXED, FREE = "fixed", "free"
# For each field in yuan the one in fen, and who pays what.
AMOUNTS = {"price_yuan": ("price", FIXED), "least_yuan": ("least", FREE), "most_yuan": ("most", FREE)}
MOST_FIELDS = 20


def _amount(label: Any) -> AmountField:
    return AmountField(label=label, required=False, widget=UnfoldAdminTextInputWidget())


class ItemForm(AccountForm):
    pricing = forms.ChoiceField(
        label=gettext_lazy("what is paid"),
        choices=[
            (FIXED, gettext_lazy("A fixed price")),
            (FREE, gettext_lazy("The payer chooses the amount")),
        ],
        initial=FIXED,
        widget=UnfoldAdminSelectWidget,
    )
    price_yuan = _amount(gettext_lazy("price in yuan"))
    least_yuan = _amount(gettext_lazy("smallest amount in yuan"))
    most_yuan = _amount(gettext_lazy("largest amount in yuan"))

    class Meta:
        model = Item
        fields = (
            "account", "merchant", "title", "picture", "description", "stock", "each_person", "opens_at",
            "ends_at", "enabled",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (kept, pricing) in AMOUNTS.items():
            if name in self.fields:
                self.fields[name].widget.attrs |= {"data-shown-by": "pricing", "data-shown-for": pricing}
                self.initial[name] = getattr(self.instance, kept)
        if self.instance.pk and self.instance.price is None:
            self.initial["pricing"] = FREE

    def clean_stock(self) -> int | None:
        """Returns the stock. Raises ``ValidationError`` if more pieces are taken.

        Locks the item, so that the number of taken pieces does not change before this is saved.
        """
        stock: int | None = self.cleaned_data["stock"]
        rows = Item.objects.select_for_update().filter(pk=self.instance.pk)
        taken = rows.values_list("taken", flat=True).first() or 0
        if stock is not None and stock < taken:
            message = _("%(taken)d are sold already, or held by orders that can be paid.")
            raise forms.ValidationError(message % {"taken": taken})
        return stock

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        for name, (kept, pricing) in AMOUNTS.items():
            chosen = cleaned.get("pricing") == pricing
            setattr(self.instance, kept, self._fen(name, cleaned) if chosen else None)
        least, most = self.instance.least, self.instance.most
        if least is not None and most is not None and most < least:
            self.add_error("most_yuan", _("The largest amount is at least the smallest."))
        return cleaned

    def _fen(self, name: str, cleaned: dict[str, Any]) -> int | None:
        highest = LARGEST_TOTAL if name == "price_yuan" else HIGHEST_AMOUNT
        amount: int | None = cleaned.get(name)
        if amount is None:
            if name not in self.errors:
                self.add_error(name, _("Enter an amount such as 12.34."))
            return None
        if not 1 <= amount <= highest:
            self.add_error(name, _("From ¥0.01 to ¥%(most)s.") % {"most": yuan(highest)})
            return None
        return amount


class ItemFieldFormSet(BaseInlineFormSet[ItemField, Item, "forms.ModelForm[ItemField]"]):
    def clean(self) -> None:
        super().clean()
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in kept if not form.cleaned_data.get("DELETE")] if self.is_bound else kept
        if len(kept) > MOST_FIELDS:
            raise forms.ValidationError(
                _("At most %(most)d fields: nobody fills in more.") % {"most": MOST_FIELDS}
            )
        asked: set[str] = set()
        for form in kept:
            label = form.cleaned_data.get("label", "")
            if label and label in asked:
                form.add_error("label", _("Another field asks this already: word it differently."))
            asked.add(label)


class ItemFilter(FilterForm):
    q = forms.CharField(
        label=gettext_lazy("Title"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[
            ("", gettext_lazy("All")),
            ("on", gettext_lazy("on sale")),
            ("off", gettext_lazy("off sale")),
        ],
    )

    def narrow(self, rows: Any) -> Any:
        chosen = self.cleaned_data
        if chosen["q"].strip():
            rows = rows.filter(title__icontains=chosen["q"].strip())
        return rows.filter(enabled=chosen["state"] == "on") if chosen["state"] else rows
