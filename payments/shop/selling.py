"""The sale of items: whether one can be bought, and the order that holds a piece of the stock.

The item's row is locked while a piece is taken, so neither the stock nor a person's limit can be exceeded. A
trigger frees the piece when its order closes unpaid (``payments/shop/migrations/_count_sale.py``).
"""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from payments.orders import ordering
from payments.orders.models import Order
from payments.orders.states import OrderState
from payments.shop.models import Item, Sale
from wechat.channels.models import Attribution
from wechat.sdk.pay.money import yuan

SOURCE = "shop"
# How long a piece of the stock waits for its money.
LIFETIME = datetime.timedelta(minutes=15)
IS_PAID = Q(order__paid_at__isnull=False)
# Who got all their money back gets nothing any more.
TO_DELIVER = IS_PAID & Q(fulfilment=Sale.Fulfilment.OPEN) & ~Q(order__state=OrderState.REFUNDED)
Answers = Sequence[tuple[str, str]]


class NotForSale(Exception):
    """The error for an item that cannot be bought now; ``sentence`` tells the payer why."""

    def __init__(self, code: str, sentence: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


def check(item: Item, openid: str) -> None:
    """Checks that the person can buy an item now. Raises ``NotForSale``."""
    # First: the piece that they hold is no reason to tell them that there are none left for them.
    if payable(item, openid).exists():
        raise NotForSale(
            "unpaid", _("You have an order of this that is not paid yet: pay or cancel it first.")
        )
    check_sale(item)
    if item.each_person is not None and bought(item, openid) >= item.each_person:
        limit = _("Each person can buy %(count)d. You have bought or ordered as many.")
        raise NotForSale("limit", limit % {"count": item.each_person})


def check_sale(item: Item) -> None:
    """Checks that an item is on sale and not sold out. Raises ``NotForSale``."""
    now = timezone.now()
    if not (item.enabled and item.merchant.enabled):
        raise NotForSale("off", _("This is not on sale."))
    if item.opens_at is not None and now < item.opens_at:
        raise NotForSale("early", _("On sale from %(moment)s.") % {"moment": _moment(item.opens_at)})
    if item.ends_at is not None and now >= item.ends_at:
        raise NotForSale("ended", _("The sale ended on %(moment)s.") % {"moment": _moment(item.ends_at)})
    if item.left == 0:
        raise NotForSale("sold_out", _("Sold out."))


def refusal(item: Item, openid: str | None = None) -> str:
    """Returns why this person cannot buy the item now, or the empty text."""
    try:
        check_sale(item) if openid is None else check(item, openid)
    except NotForSale as refused:
        return str(refused.sentence)
    return ""


def check_amount(item: Item, total: int) -> None:
    """Raises ``NotForSale`` for an amount that is not the price, or not between the bounds."""
    if item.price is not None:
        if total != item.price:
            changed = _("The price is ¥%(price)s now. Please look again before you pay.")
            raise NotForSale("price", changed % {"price": yuan(item.price)})
    elif not (item.least or 0) <= total <= (item.most or 0):
        bounds = {"least": yuan(item.least or 0), "most": yuan(item.most or 0)}
        raise NotForSale("amount", _("Between ¥%(least)s and ¥%(most)s, please.") % bounds)


def bought(item: Item, openid: str) -> int:
    """Returns how many pieces the person bought or holds, without fully refunded ones."""
    held = Sale.objects.filter(item=item, openid=openid, held=True)
    return held.exclude(order__state=OrderState.REFUNDED).count()


def deliver(sales: QuerySet[Sale]) -> list[Sale]:
    """Marks undelivered sales as delivered, and returns them."""
    with transaction.atomic():
        due = sales.filter(TO_DELIVER)
        found = list(due.select_for_update(of=("self",)))
        chosen = Sale.objects.filter(pk__in=[sale.pk for sale in found])
        chosen.update(fulfilment=Sale.Fulfilment.DONE, fulfilled_at=timezone.now())
    return found


def buy(item: Item, openid: str, *, total: int, answers: Answers, key: str) -> Order:
    """Creates the order, or returns the one with the same key; does not place it. Raises ``NotForSale``."""
    name = f"{item.pk}:{openid}:{key}"
    with transaction.atomic():
        locked = Item.objects.select_for_update(of=("self",)).select_related("account", "merchant")
        item = locked.get(pk=item.pk)
        made = Order.objects.filter(account=item.account, source=SOURCE, key=name).first()
        if made is not None:
            return made
        check(item, openid)
        check_amount(item, total)
        order = _ordered(item, openid, total, name)
        Sale.objects.create(
            order=order, item=item, openid=openid, answers=list(answers), channel_id=_channel(item, openid)
        )
        Item.objects.filter(pk=item.pk).update(taken=F("taken") + 1)
    return order


def payable(item: Item, openid: str) -> QuerySet[Order]:
    """Returns the person's orders of an item that can still be paid.

    Only one is allowed at a time, so that nobody holds all the stock.
    """
    found = Order.objects.filter(sale__item=item, sale__openid=openid, expires_at__gt=timezone.now())
    return found.filter(state__in=[OrderState.CREATED, OrderState.PAYING])


def _ordered(item: Item, openid: str, total: int, key: str) -> Order:
    wanted = ordering.OrderRequest(
        account=item.account,
        merchant=item.merchant,
        source=SOURCE,
        key=key,
        way=Order.Way.JSAPI,
        total=total,
        description=item.title,
        openid=openid,
        item=item.title,
        lifetime=LIFETIME,
    )
    try:
        return ordering.create(wanted)
    except ordering.OrderRefused as error:
        raise NotForSale(error.code, error.sentence) from None


def _channel(item: Item, openid: str) -> int | None:
    known = Attribution.objects.filter(account=item.account, openid=openid)
    return known.values_list("last_channel", flat=True).first()


def _moment(at: datetime.datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
