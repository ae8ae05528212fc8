"""The search source of orders and refunds: by our number or WeChat Pay's, or by a part of ours."""

from collections.abc import Iterator
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from payments.orders.models import Order, Refund
from wechat.sdk.pay.money import yuan

Row = TypeVar("Row", bound=Model)


# A part of a number has no index; the list's own page looks further back.
LOOKED_AT = 50_000
SHORTEST_PART = 4


@source("orders.orders", gettext_lazy("Orders"), "receipt_long", Area.MONEY)
def orders(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    number = Q(out_trade_no=wanted) | Q(transaction_id=wanted)
    for order in _found(Order.objects.filter(account=account), number, "out_trade_no", wanted):
        detail = f"¥{yuan(order.total)} · {order.get_state_display()}"
        yield Found(order.out_trade_no, f"{detail} · {order.description}", page_of(order))


@source("orders.refunds", gettext_lazy("Refunds"), "undo", Area.MONEY)
def refunds(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    number = Q(out_refund_no=wanted) | Q(refund_id=wanted)
    for refund in _found(Refund.objects.filter(account=account), number, "out_refund_no", wanted):
        detail = f"¥{yuan(refund.amount)} · {refund.get_state_display()}"
        yield Found(refund.out_refund_no, detail, page_of(refund))


def _found(rows: QuerySet[Row], number: Q, field: str, wanted: str) -> list[Row]:
    """Returns the rows with this number, else those of the newest whose number contains it."""
    found = list(rows.filter(number)[:MOST])
    if found or len(wanted) < SHORTEST_PART:
        return found
    newest = rows.order_by("-pk").values("pk")[:LOOKED_AT]
    return list(rows.filter(pk__in=newest, **{f"{field}__icontains": wanted}).order_by("-pk")[:MOST])
