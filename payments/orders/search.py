"""What search finds of orders and refunds: by a number, ours or that of WeChat Pay."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from payments.orders.models import Order, Refund
from wechat.sdk.pay.money import yuan


@source("orders.orders", gettext_lazy("Orders"), "receipt_long", Area.MONEY)
def orders(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    number = Q(out_trade_no=wanted) | Q(transaction_id=wanted)
    for order in Order.objects.filter(number, account=account)[:MOST]:
        detail = f"¥{yuan(order.total)} · {order.get_state_display()}"
        yield Found(order.out_trade_no, f"{detail} · {order.description}", page_of(order))


@source("orders.refunds", gettext_lazy("Refunds"), "undo", Area.MONEY)
def refunds(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    number = Q(out_refund_no=wanted) | Q(refund_id=wanted)
    for refund in Refund.objects.filter(number, account=account)[:MOST]:
        detail = f"¥{yuan(refund.amount)} · {refund.get_state_display()}"
        yield Found(refund.out_refund_no, detail, page_of(refund))
