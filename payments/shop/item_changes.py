"""The description of changes to an item, before and after, for its history."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from payments.shop.models import Item
from wechat.console.phrases import labelled, listed
from wechat.sdk.pay.money import yuan

# Fields whose values are said; of long ones it is said that they changed.
SAID = ("title", "stock", "each_person", "opens_at", "ends_at", "enabled")
AMOUNTS = ("price_yuan", "least_yuan", "most_yuan")


def changes(form: forms.ModelForm[Item]) -> str:
    """Returns a line such as "price: ¥99.80 → ¥120.00; description", empty if nothing changed."""
    item, changed = form.instance, form.changed_data
    parts = []
    before = price_text(*(form.initial.get(name) for name in AMOUNTS))
    after = price_text(item.price, item.least, item.most)
    if before != after:
        parts.append(labelled(_("price"), f"{before} → {after}"))
    for name in changed:
        label = str(form.fields[name].label)
        if name in SAID:
            parts.append(
                labelled(label, f"{_word(form.initial.get(name))} → {_word(form.cleaned_data[name])}")
            )
        elif name not in (*AMOUNTS, "pricing"):
            parts.append(label)
    return listed(parts)


def price_text(price: int | None, least: int | None, most: int | None) -> str:
    """Returns the price in yuan; amounts are in fen."""
    return f"¥{yuan(price)}" if price is not None else f"¥{yuan(least or 0)} – ¥{yuan(most or 0)}"


def _word(value: Any) -> str:
    return "–" if value in (None, "") else str(value)
