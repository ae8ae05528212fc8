"""The payments of a follower: on their page, at the service desk, and when they are erased."""

import datetime
from collections.abc import Iterator

from django.db.models import Count, Max, QuerySet, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.followers import erasing, timeline
from accounts.followers.erasing import Holding
from accounts.followers.models import Follower
from accounts.followers.timeline import Moment, Panel, PanelLine
from accounts.staff.rights import Area
from payments.orders import history, polling
from payments.orders.models import Order
from payments.orders.states import OrderState
from wechat.desk import panel
from wechat.sdk.pay.money import yuan

AT_THE_DESK = 3


def paid_by(follower: Follower) -> QuerySet[Order]:
    return Order.objects.filter(
        account=follower.account_id, payer_openid=follower.openid, paid_at__isnull=False
    )


@timeline.adds_moments(Area.MONEY)
def paid(follower: Follower, before: datetime.datetime | None, limit: int) -> Iterator[Moment]:
    rows = paid_by(follower)
    if before is not None:
        rows = rows.filter(paid_at__lt=before)
    for order in rows.order_by("-paid_at", "-pk")[:limit]:
        assert order.paid_at is not None
        text = f"{order.description} ¥{yuan(order.total)}"
        yield Moment(order.paid_at, order.get_state_display(), text, _page(order), "good")


@timeline.adds_panel(order=30, area=Area.MONEY)
def bought(follower: Follower) -> Panel | None:
    """Returns how often somebody paid, how much, and when they last did."""
    sums = paid_by(follower).aggregate(
        count=Count("pk"), total=Sum("total"), back=Sum("refunded"), last=Max("paid_at")
    )
    if not sums["count"]:
        return None
    last = timezone.localtime(sums["last"]).strftime("%Y-%m-%d %H:%M")
    lines = [
        PanelLine(_("Paid orders"), str(sums["count"])),
        PanelLine(_("Paid, after refunds"), f"¥{yuan(sums['total'] - sums['back'])}"),
        PanelLine(_("Last payment"), last),
    ]
    return Panel(_("Payments"), lines)


@panel.register
def at_the_desk(follower: Follower) -> Iterator[panel.Fact]:
    """Yields the newest orders, paid or not, for the staff who answer the follower."""
    rows = Order.objects.filter(account=follower.account_id, openid=follower.openid).order_by("-pk")
    for order in rows[:AT_THE_DESK]:
        text = f"{order.description} ¥{yuan(order.total)} {order.get_state_display()}"
        yield panel.Fact(gettext_lazy("order"), text, _page(order), Area.MONEY)


@erasing.holds
def orders(follower: Follower) -> Holding | None:
    if not (count := paid_by(follower).count()):
        return None
    kept = ngettext(
        "%d paid order is kept: the law asks for the books",
        "%d paid orders are kept: the law asks for the books",
        count,
    )
    return Holding(kept % count)


@erasing.holds
def unpaid_orders(follower: Follower) -> Holding | None:
    """Returns the orders that the person could still pay; erasing closes them."""
    theirs = Order.objects.filter(account=follower.account_id, openid=follower.openid)
    payable = theirs.filter(state__in=[OrderState.CREATED, OrderState.PAYING])
    if not (count := payable.count()):
        return None
    what = ngettext(
        "%d order that is not paid: it is closed at WeChat Pay",
        "%d orders that are not paid: they are closed at WeChat Pay",
        count,
    )
    return Holding(what % count, lambda: _close(payable))


def _close(orders: QuerySet[Order]) -> None:
    for order in orders.order_by("pk"):
        polling.start_closing(order, by=history.WORKER)


def _page(order: Order) -> str:
    return reverse("admin:orders_order_change", args=[order.pk])
