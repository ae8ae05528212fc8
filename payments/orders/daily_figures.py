"""What was paid, by day."""

import datetime
from collections.abc import Mapping

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from accounts.staff.daily_figures import SOURCES, Figure, Source, Unit
from accounts.staff.rights import Area
from payments.orders.models import Order
from wechat.kernel.timeline import midnight
from wechat.sdk.beijing import BEIJING

DAY = datetime.timedelta(days=1)


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[str, Mapping[datetime.date, int]]:
    """Reads nothing but the index of what was paid."""
    paid = Order.objects.filter(
        account=account, paid_at__gte=midnight(first), paid_at__lt=midnight(last + DAY)
    )
    counted = (
        paid.annotate(day=TruncDate("paid_at", tzinfo=BEIJING))
        .values_list("day")
        .annotate(number=Count("*"), sum=Sum("total"))
        .order_by()
    )
    rows = list(counted)
    return {
        "paid_orders": {day: number for day, number, _sum in rows},
        "revenue": {day: total for day, _number, total in rows},
    }


def _orders(first: datetime.date, last: datetime.date) -> str:
    return f"{reverse('admin:orders_order_changelist')}?since={first}&until={last}"


def _revenue(first: datetime.date, last: datetime.date) -> str:
    return f"{reverse('admin:orders_revenue')}?since={first}&until={last}"


SOURCES.add(
    "orders",
    Source(
        (
            Figure("revenue", _("Revenue"), Area.MONEY, _revenue, Unit.FEN),
            Figure("paid_orders", _("Orders paid"), Area.MONEY, _orders),
        ),
        by_day,
    ),
)
