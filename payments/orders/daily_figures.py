"""The daily figures of payments."""

import datetime
from collections.abc import Mapping

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.official.models import OfficialAccount
from accounts.staff.daily_figures import SOURCES, Figure, FigureSource
from accounts.staff.rights import Area
from payments.orders import revenue
from wechat.console.reports import Measure, Unit


def by_day(
    account: OfficialAccount, first: datetime.date, last: datetime.date
) -> Mapping[str, Mapping[datetime.date, int]]:
    found = revenue.by_day(account, first, last)
    return {
        "paid_orders": {day: amounts.count for day, amounts in found.items()},
        "revenue": {day: amounts.total for day, amounts in found.items()},
    }


def _orders(first: datetime.date, last: datetime.date) -> str:
    return f"{reverse('admin:orders_order_changelist')}?since={first}&until={last}"


def _revenue(first: datetime.date, last: datetime.date) -> str:
    return f"{reverse('admin:orders_revenue')}?first={first}&last={last}"


SOURCES.add(
    "orders",
    FigureSource(
        (
            Figure("revenue", Measure(_("Revenue"), Unit.FEN), Area.MONEY, _revenue),
            Figure("paid_orders", Measure(_("Orders paid")), Area.MONEY, _orders),
        ),
        by_day,
    ),
)
