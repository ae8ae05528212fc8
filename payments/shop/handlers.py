"""The registrations of the shop: pages to link to, and items that use a picture."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.followers import export_approval, searching
from accounts.official import links
from accounts.official.links import PageLink
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from payments.shop import telephones
from payments.shop.access import address_of, directory_of
from payments.shop.models import Item, Sale
from payments.shop.selling import SOURCE
from wechat.inbox import answerers
from wechat.materials import usage
from wechat.materials.models import Asset

EXPORT = export_approval.action_for_files("export_of_buyers", gettext_lazy("Export buyers"), Area.MONEY)
answerers.call(SOURCE, gettext_lazy("the payment page of an item"))


@links.register
def shop_pages(account: OfficialAccount) -> Iterator[PageLink]:
    for item in (
        Item.objects.filter(account=account).select_related("account").order_by("-enabled", "-pk")[:200]
    ):
        yield PageLink(address_of(item), str(item), _("Payment items"))
    if Item.objects.filter(account=account).exists():
        yield PageLink(f"{directory_of(account)}orders/", str(_("My orders")), _("Pages of the account"))


@searching.finds(Area.MONEY)
def by_telephone(account_id: int, words: str) -> QuerySet[Sale, Any] | None:
    """Returns the openids of buyers with this telephone number, in any usual spelling.

    ``None`` if the words are no telephone number.
    """
    written = telephones.filled_in(words)
    if written is None:
        return None
    return Sale.objects.filter(written, item__account=account_id).order_by().values("openid")


@usage.register
def items_with(asset: Asset) -> list[str]:
    items = Item.objects.filter(picture=asset)
    return [_("payment item “%(item)s”") % {"item": item} for item in items]
