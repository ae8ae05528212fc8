"""The figures of the home page: today, yesterday beside the same day of the week before, and 30 days."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from accounts.staff.daily_figures import SOURCES, Figure, Numbers
from accounts.staff.models import StaffRight
from accounts.staff.rights import Rights
from wechat.console.charts import Chart, Series, chart
from wechat.console.periods import DAY
from wechat.console.reports import Aggregation, Measure, Sum, chart_value, compared

Role = StaffRight.Role

DAYS = 30
WEEK = 7 * DAY
NET = Measure(gettext_lazy("Net new followers"))
# What each role sees first; the rest of what it may look at follows in the order of registration.
FIRST: Mapping[str, tuple[str, ...]] = {
    Role.SERVICE: ("answered_within", "unanswered", "messages"),
    Role.FINANCE: ("revenue", "paid_orders"),
    Role.OWNER: ("revenue", "paid_orders", "follows", "leaves", "net", "messages"),
    Role.AUDITOR: ("revenue", "paid_orders", "follows", "leaves", "net", "messages"),
    Role.PUBLISHER: ("follows", "leaves", "net", "sends", "deliveries"),
    Role.EDITOR: ("follows", "leaves", "net", "messages"),
}


@dataclass(frozen=True, slots=True)
class FigureCard:
    """One figure as the page shows it; ``yesterday`` is compared with the same day of the week before."""

    name: str
    title: StrOrPromise
    link: str
    today: str
    yesterday: Sum
    chart: Chart
    # Of the table under the chart: the day, its value, and that of the week before.
    lines: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class _Days:
    """The daily values of a figure up to today; ``None`` for a day whose value is unknown."""

    figure: Figure
    numbers: Numbers
    today: datetime.date

    def of(self, day: datetime.date) -> int | None:
        return self.numbers.get(day, None if self.figure.measure.aggregation == Aggregation.NONE else 0)

    def shown_on(self, day: datetime.date) -> str:
        return self.figure.measure.shown(self.of(day))


def cards(account: OfficialAccount, rights: Rights) -> list[FigureCard]:
    """Returns the figures of the account that somebody may see, in the order that fits their role."""
    today = timezone.localdate()
    found = {days.figure.name: _card(days) for days in _with_net(_asked(account, rights, today))}
    first = next((FIRST[role] for role in FIRST if role in _roles(account, rights)), ())
    names = [name for name in first if name in found]
    return [found[name] for name in [*names, *(name for name in found if name not in names)]]


def _roles(account: OfficialAccount, rights: Rights) -> frozenset[str]:
    return frozenset({Role.OWNER}) if rights.everything else rights.roles.get(account.pk, frozenset())


def _asked(account: OfficialAccount, rights: Rights, today: datetime.date) -> Iterator[_Days]:
    """Yields the figures that the reader may see; asks each source at most once."""
    for source in SOURCES:
        yours = [each for each in source.figures if rights.may_view(each.area, account.pk)]
        if yours:
            found = source.by_day(account, today - (DAYS - 1) * DAY - WEEK, today)
            yield from (_Days(each, found.get(each.name, {}), today) for each in yours)


def _with_net(found: Iterator[_Days]) -> Iterator[_Days]:
    """Yields the figures, and after "leaves" the net number of new followers by day."""
    follows: _Days | None = None
    for each in found:
        yield each
        if each.figure.name == "follows":
            follows = each
        if each.figure.name == "leaves" and follows is not None:
            net = Figure("net", NET, each.figure.area, follows.figure.link)
            days = {*follows.numbers, *each.numbers}
            yield _Days(
                net,
                {day: follows.numbers.get(day, 0) - each.numbers.get(day, 0) for day in days},
                each.today,
            )


def _card(days: _Days) -> FigureCard:
    figure, today = days.figure, days.today
    yesterday = today - DAY
    return FigureCard(
        name=figure.name,
        title=figure.measure.title,
        link=figure.link(today, today),
        today=days.shown_on(today),
        yesterday=compared(figure.measure, days.of(yesterday), days.of(yesterday - WEEK)),
        chart=_chart(days),
        lines=[
            (f"{day:%m-%d}", days.shown_on(day), days.shown_on(day - WEEK)) for day in reversed(_shown(today))
        ],
    )


def _shown(today: datetime.date) -> list[datetime.date]:
    return [today - number * DAY for number in reversed(range(DAYS))]


def _chart(days: _Days) -> Chart:
    shown, measure = _shown(days.today), days.figure.measure
    known = [number for day in shown if (number := days.of(day)) is not None]
    description = _("%(title)s, 30 days: least %(least)s, most %(most)s, today %(today)s") % {
        "title": measure.title,
        "least": measure.shown(min(known, default=None)),
        "most": measure.shown(max(known, default=None)),
        "today": days.shown_on(days.today),
    }
    now = Series(_("the day"), [chart_value(measure, days.of(day)) for day in shown])
    before = [chart_value(measure, days.of(day - WEEK)) for day in shown]
    series = [now, Series(_("the week before"), before, is_before=True)]
    return chart([f"{day:%m-%d}" for day in shown], series, description=description)
