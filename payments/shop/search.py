"""The search source of items, and of buyers by their answers."""

from collections.abc import Iterator

from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff import personal_data
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from payments.shop import telephones
from payments.shop.item_changes import price_text
from payments.shop.models import Item, Sale
from wechat.console.by_name import named

# A part of what was filled in has no index; the list's own page looks further back.
LOOKED_AT = 20_000
SHORTEST_PART = 3


@source("shop.items", gettext_lazy("Payment items"), "storefront", Area.CONTENT)
def items(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(Item.objects.filter(account=account), "title", wanted, MOST):
        yield Found(str(row), price_text(row.price, row.least, row.most), page_of(row))


@source("shop.buyers", gettext_lazy("Buyers"), "local_shipping", Area.MONEY)
def buyers(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    """Yields sales by the buyer's telephone number, else the newest whose answers contain the words."""
    if personal_data.is_hidden_from_reader(account.pk):
        return
    rows = Sale.objects.filter(item__account=account).select_related("item", "order")
    by_number = telephones.filled_in(wanted)
    found = list(rows.filter(by_number).order_by("-pk")[:MOST]) if by_number else []
    if not found and len(wanted) >= SHORTEST_PART:
        newest = rows.order_by("-pk").values("pk")[:LOOKED_AT]
        text = Cast("answers", TextField())
        found = list(
            rows.alias(text=text).filter(pk__in=newest, text__icontains=wanted).order_by("-pk")[:MOST]
        )
    for sale in found:
        filled_in = " · ".join(str(answer) for _label, answer in sale.answers if answer)
        yield Found(filled_in, f"{sale.item} · {sale.order.out_trade_no}", page_of(sale.order))
