"""The access to the shop's pages: for people in WeChat; other browsers show a QR code to scan."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from accounts.official.models import OfficialAccount
from payments.orders.models import Order
from payments.shop.models import Item
from payments.shop.selling import SOURCE
from wechat.console import qr_codes
from wechat.login.oauth_pages import account_at
from wechat.login.pages import P, Page, VisitorRequest, follower_page, is_in_wechat

# Pages of ours have shorter ones, and a code could not hold much more.
LONGEST_ADDRESS = 2_000


def shop_page(view: Page[P]) -> Callable[..., HttpResponseBase]:
    """Makes a view a ``follower_page`` that works only in WeChat, where people can pay."""
    known = follower_page()(view)

    @wraps(view)
    def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
        if is_in_wechat(request):
            return known(request, slug, **kwargs)
        return _outside(request, account_at(slug))

    return guarded


def address_of(item: Item) -> str:
    """Returns the address of an item's page, for QR codes and menu buttons."""
    return settings.PUBLIC_URL + reverse("shop_item", args=[item.account.slug, item.pk])


def directory_of(account: OfficialAccount) -> str:
    """Returns the payment directory to register with WeChat Pay, outside of which no payment sheet opens."""
    return settings.PUBLIC_URL + reverse("shop_orders", args=[account.slug]).removesuffix("orders/")


def item_at(account: OfficialAccount, pk: int) -> Item:
    """Returns the account's item of this number. Raises ``Http404``."""
    item = (
        Item.objects.select_related("account", "merchant", "picture").filter(account=account, pk=pk).first()
    )
    if item is None:
        raise Http404
    return item


def order_at(request: VisitorRequest, number: str) -> Order:
    """Returns an order of this person. Raises ``Http404``."""
    mine = Order.objects.select_related("account", "merchant", "sale__item").filter(
        account=request.account, source=SOURCE, openid=request.visitor.openid, out_trade_no=number
    )
    order = mine.first()
    if order is None:
        raise Http404
    return order


def _outside(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    address = settings.PUBLIC_URL + request.get_full_path()
    if len(address) > LONGEST_ADDRESS:
        raise Http404
    code = qr_codes.data_uri(address)
    return render(request, "shop/outside.html", {"account": account, "code": code}, status=403)
