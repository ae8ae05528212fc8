"""What came in, by day, item, way, maker and channel: drawn without a script.

All but the channels are read from an index and nothing else.
"""

import datetime
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, frame
from accounts.staff.rights import Area
from payments.orders import attribution
from payments.orders.filtering import day_field, midnight
from payments.orders.models import Order
from wechat.channels.models import Channel
from wechat.channels.report import Period
from wechat.inbox import answerers
from wechat.sdk.beijing import BEIJING
from wechat.sdk.pay.money import yuan

DAYS = 30
MOST_DAYS = 366
MOST_GROUPS = 20
WIDTH, HEIGHT, GAP = 720, 160, 2


class PeriodForm(forms.Form):
    since = day_field(gettext_lazy("From"))
    until = day_field(gettext_lazy("To"))

    def period(self) -> tuple[datetime.date, datetime.date]:
        """Both days included; the last 30 where nothing usable was asked for."""
        today = timezone.now().astimezone(BEIJING).date()
        chosen = self.cleaned_data if self.is_valid() else {}
        until = chosen.get("until") or today
        since = chosen.get("since") or until - datetime.timedelta(days=DAYS - 1)
        if since > until:
            since, until = until, since
        return max(since, until - datetime.timedelta(days=MOST_DAYS - 1)), until


@dataclass(frozen=True, slots=True)
class Bar:
    """A day in the chart; sizes in the chart's own units."""

    day: datetime.date
    amount: int
    x: float
    y: float
    width: float
    height: float

    @property
    def title(self) -> str:
        return f"{self.day:%Y-%m-%d} ¥{yuan(self.amount)}"


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    count: int
    total: int
    refunded: int

    @property
    def net(self) -> int:
        return self.total - self.refunded


@account_page(Area.MONEY)
def revenue(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = PeriodForm(request.GET or None)
    since, until = form.period()
    paid = Order.objects.filter(
        account=account,
        paid_at__gte=midnight(since),
        paid_at__lt=midnight(until + datetime.timedelta(days=1)),
    )
    days = _by_day(paid)
    context: dict[str, Any] = {
        **frame(request, _("Revenue")),
        "form": PeriodForm(initial={"since": since, "until": until}),
        "since": since,
        "until": until,
        "whole": Group("", *_sums(days.values())),
        "bars": _bars(days, since, until),
        "most": max((group.total for group in days.values()), default=0),
        "chart": {"width": WIDTH, "height": HEIGHT},
        "tables": [
            (_("By item"), _groups(paid, "item", {"": _("without an item")})),
            (_("By way"), _groups(paid, "way", dict(Order.Way.choices))),
            (_("By maker"), _makers(paid)),
            (_("By channel"), _channels(account, since, until)),
        ],
    }
    return TemplateResponse(request, "orders/revenue.html", context)


def _by_day(paid: QuerySet[Order]) -> dict[datetime.date, Group]:
    found = (
        paid.annotate(day=TruncDate("paid_at", tzinfo=BEIJING))
        .values("day")
        .annotate(count=Count("*"), sum=Sum("total"), back=Sum("refunded"))
        .order_by("day")
    )
    return {row["day"]: Group(str(row["day"]), row["count"], row["sum"], row["back"]) for row in found}


def _groups(paid: QuerySet[Order], field: str, names: dict[str, Any]) -> list[Group]:
    found = (
        paid.values(field)
        .annotate(count=Count("*"), sum=Sum("total"), back=Sum("refunded"))
        .order_by("-sum")[:MOST_GROUPS]
    )
    return [
        Group(str(names.get(row[field], row[field])), row["count"], row["sum"], row["back"]) for row in found
    ]


def _makers(paid: QuerySet[Order]) -> list[Group]:
    groups = _groups(paid, "source", {})
    names = answerers.names(group.name for group in groups)
    return [replace(group, name=names.of(group.name).name) for group in groups]


def _channels(account: OfficialAccount, since: datetime.date, until: datetime.date) -> list[Group]:
    """Returns what followers paid, by the channel that first brought them; of the rest nobody knows."""
    found = attribution.shares(account, Period(since, until))[:MOST_GROUPS]
    names = dict(Channel.objects.filter(pk__in=[one.channel for one in found]).values_list("pk", "name"))
    return [Group(names[one.channel], one.orders, one.total, one.refunded) for one in found]


def _sums(groups: Any) -> tuple[int, int, int]:
    several = list(groups)
    return (
        sum(one.count for one in several),
        sum(one.total for one in several),
        sum(one.refunded for one in several),
    )


def _bars(days: dict[datetime.date, Group], since: datetime.date, until: datetime.date) -> list[Bar]:
    count = (until - since).days + 1
    most = max((group.total for group in days.values()), default=0) or 1
    step = WIDTH / count
    bars = []
    for number in range(count):
        day = since + datetime.timedelta(days=number)
        amount = days[day].total if day in days else 0
        height = HEIGHT * amount / most
        gap = GAP if step > 2 * GAP else 0
        bars.append(
            Bar(
                day,
                amount,
                round(number * step, 2),
                round(HEIGHT - height, 2),
                round(step - gap, 2),
                round(height, 2),
            )
        )
    return bars
