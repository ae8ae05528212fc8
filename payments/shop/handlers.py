"""Where the shop joins in: pages to link to, and items that use a picture."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.official import links
from accounts.official.links import Link
from accounts.official.models import OfficialAccount
from payments.shop.access import address_of, directory_of
from payments.shop.models import Item
from wechat.materials import usage
from wechat.materials.models import Asset


@links.register
def shop_pages(account: OfficialAccount) -> Iterator[Link]:
    for item in (
        Item.objects.filter(account=account).select_related("account").order_by("-enabled", "-pk")[:200]
    ):
        yield Link(address_of(item), str(item), _("Payment items"))
    if Item.objects.filter(account=account).exists():
        yield Link(f"{directory_of(account)}orders/", str(_("My orders")), _("Pages of the account"))


@usage.register
def items_with(asset: Asset) -> list[str]:
    items = Item.objects.filter(picture=asset)
    return [_("payment item “%(item)s”") % {"item": item} for item in items]
