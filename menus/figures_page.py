"""The page of taps on all menus of an account, by day and by item."""

import datetime
from collections.abc import Iterator

from django.db.models import Sum
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page
from accounts.staff.rights import Area
from menus.access import frame
from menus.models import Menu, MenuItem, TapDay
from wechat.console.periods import Period, PeriodForm
from wechat.console.reports import Days, Measure, Report, Table, TableLine, answer, zeroed

MEASURES = (
    Measure(gettext_lazy("taps")),
    Measure(gettext_lazy("followers (new to their button)")),
)


@account_page(Area.CONTENT)
def show(request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
    form = PeriodForm(request.GET)
    period = form.period
    report = Report(
        title=_("Menu analysis"),
        name=f"menus-{account.slug}",
        form=form,
        measures=MEASURES,
        days=_by_day(account, period),
        before=_by_day(account, period.before),
        charted=(0, 1),
        tables=list(_entries(account, period)),
    )
    empty = _("Nobody has tapped a menu in these days. Publish one, or choose other days.")
    return answer(request, report, {**frame(request, report.title), "empty": empty})


def _by_day(account: OfficialAccount, period: Period) -> Days:
    rows = TapDay.objects.filter(version__menu__account=account, day__range=(period.first, period.last))
    summed = rows.values_list("day").annotate(taps=Sum("taps"), followers=Sum("followers")).order_by()
    found: dict[datetime.date, list[int]] = {day: list(rest) for day, *rest in summed}
    return zeroed(found, period.days, len(MEASURES))


def _entries(account: OfficialAccount, period: Period) -> Iterator[Table]:
    """Yields the table of buttons that were tapped, by their newest names, the most tapped first."""
    rows = TapDay.objects.filter(version__menu__account=account, day__range=(period.first, period.last))
    summed = rows.values_list("version__menu", "uid").annotate(taps=Sum("taps"), followers=Sum("followers"))
    menus = dict(Menu.objects.filter(account=account).values_list("pk", "name"))
    items = MenuItem.objects.filter(version__menu__in=menus).order_by("version_id")
    names = {(menu, uid): name for menu, uid, name in items.values_list("version__menu", "uid", "name")}
    lines = [
        TableLine(
            f"{menus[menu]} · {names.get((menu, uid), _('a removed entry'))}",
            rest,
            reverse("admin:menus_statistics", args=[menu]),
        )
        for menu, uid, *rest in summed.order_by("-taps")
    ]
    yield Table(_("By menu entry"), _("Menu entry"), MEASURES, lines)
