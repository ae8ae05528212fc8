"""The page of taps on a menu: on the drawing, by button, and by day."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.staff.gate import object_page
from accounts.staff.rights import Area
from menus import drafts, statistics, tree
from menus.access import all_menus, frame
from menus.buttons import Buttons, every
from menus.describing import action, names_in
from menus.kinds import COUNTED, ButtonKind
from menus.models import Menu, MenuItem, Version
from menus.statistics import Figures
from menus.tapped_buttons import with_taps
from wechat.console.charts import Chart, Series, chart

PERIODS = (7, 30, 90, 365)


@dataclass(frozen=True, slots=True)
class ButtonRow:
    name: str
    action: str
    figures: Figures
    counted: bool


@require_GET
@object_page(all_menus, Area.CONTENT)
def show(request: HttpRequest, menu: Menu) -> HttpResponse:
    days = _chosen(request.GET.get("days", ""))
    versions = list(menu.versions.exclude(state=Version.State.DRAFT)[:100])
    version = next((each for each in versions if str(each.number) == request.GET.get("version")), None)
    since = timezone.localdate() - datetime.timedelta(days=days - 1)
    figures = statistics.by_button(menu, since, version)
    trend = statistics.by_day(menu, since, version)
    live = next((each for each in versions if each.state == Version.State.PUBLISHED), None)
    buttons = tree.read(version or live or drafts.draft_of(menu))
    context = frame(request, _("Taps on “%(menu)s”") % {"menu": menu})
    context |= {
        "menu": menu,
        "days": days,
        "periods": PERIODS,
        "version": version,
        "versions": versions,
        "shown": with_taps(buttons, figures),
        "rows": _rows(menu, figures, buttons),
        "total": sum(figures.values(), Figures()),
        "chart": _chart(menu, trend),
        "trend": trend,
        "orders": statistics.knows_orders(),
    }
    return TemplateResponse(request, "menus/statistics.html", context)


def _chosen(days: str) -> int:
    return int(days) if days in map(str, PERIODS) else 30


def _rows(menu: Menu, figures: dict[str, Figures], buttons: Buttons) -> list[ButtonRow]:
    """Returns the buttons of the menu in order, then removed buttons that were tapped."""
    names = names_in([buttons])
    rows = [
        ButtonRow(each.name, action(each, names), figures.get(each.uid, Figures()), each.kind in COUNTED)
        for each in every(buttons)
        if each.kind != ButtonKind.PARENT
    ]
    gone = figures.keys() - {each.uid for each in every(buttons)}
    items = (
        MenuItem.objects.filter(version__menu=menu, uid__in=gone)
        .order_by("uid", "-version_id")
        .distinct("uid")
    )
    rows += [
        ButtonRow(item.name, _("no longer in this menu"), figures[item.uid], counted=True) for item in items
    ]
    return rows


def _chart(menu: Menu, trend: Sequence[tuple[datetime.date, int]]) -> Chart:
    days = [f"{day:%m-%d}" for day, _taps in trend]
    taps = Series(_("taps"), [taps for _day, taps in trend])
    return chart(days, [taps], description=_("Taps on “%(menu)s” by day") % {"menu": menu})
