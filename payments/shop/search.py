"""What search finds of items."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from payments.shop.item_changes import price_text
from payments.shop.models import Item
from wechat.console.by_name import named


@source("shop.items", gettext_lazy("Payment items"), "storefront", Area.CONTENT)
def items(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    for row in named(Item.objects.filter(account=account), "title", wanted, MOST):
        yield Found(str(row), price_text(row.price, row.least, row.most), page_of(row))
