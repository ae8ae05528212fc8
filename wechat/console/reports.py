"""The pages of figures: sums with a comparison, a chart, tables, and downloads of all of it.

Each app provides its figures; their look and the downloads are the same everywhere.
"""

import datetime
import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from wechat.console import downloads
from wechat.console.charts import Chart, Series, chart
from wechat.console.periods import PeriodForm
from wechat.console.tables.cells import Value
from wechat.console.tables.writing import Row
from wechat.sdk.pay.money import decimal_yuan

Number = int | float | None


class Unit(enum.Enum):
    """The unit of a number. The values are appended to its heading in a file."""

    COUNT = ""
    FEN = gettext_lazy("yuan")
    MILLISECONDS = gettext_lazy("ms")
    MINUTES = gettext_lazy("minutes")
    SHARE = "%"


class Aggregation(enum.Enum):
    """The way in which the values of days become that of the period."""

    SUM = "sum"
    LAST = "last"
    MOST = "most"
    # Not computed here: given by the page, or unknown.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Measure:
    """A column of figures; ``is_bad``: more of it is worse. ``aggregation`` is how days become one number."""

    title: StrOrPromise
    unit: Unit = Unit.COUNT
    aggregation: Aggregation = Aggregation.SUM
    is_bad: bool = False

    def shown(self, value: Number) -> str:
        if value is None:
            return "–"
        match self.unit:
            case Unit.FEN:
                return f"¥{decimal_yuan(round(value)):,}"
            case Unit.SHARE:
                return f"{value:.1%}"
            case Unit.MILLISECONDS:
                return _("%(number)s ms") % {"number": f"{round(value):,}"}
            case Unit.MINUTES:
                return _("%(number)s min") % {"number": f"{round(value):,}"}
        return f"{value:,}"

    def cell(self, value: Number) -> Value:
        """Returns the value for a file: a number to calculate with."""
        if value is None:
            return None
        match self.unit:
            case Unit.FEN:
                return decimal_yuan(round(value))
            case Unit.SHARE:
                return Decimal(f"{value * 100:.1f}")
        return value if isinstance(value, int) else round(value)

    @property
    def heading(self) -> str:
        unit = str(self.unit.value)
        return f"{self.title} ({unit})" if unit else str(self.title)

    def of(self, values: Sequence[Number]) -> Number:
        """Returns one number for the values of days in order, or ``None`` if there is none."""
        known = [value for value in values if value is not None]
        if not known or self.aggregation == Aggregation.NONE:
            return None
        if self.aggregation == Aggregation.LAST:
            return known[-1]
        return max(known) if self.aggregation == Aggregation.MOST else sum(known)


# A change that would be shown as 0.0 % is left out.
SMALLEST_CHANGE = 0.0005
Days = Mapping[datetime.date, Sequence[Number]]


@dataclass(frozen=True, slots=True)
class TableLine:
    """A line of a table: its name, its values, and the address of the page behind it."""

    name: str
    values: Sequence[Number]
    link: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that breaks figures down, optionally with a chart."""

    title: StrOrPromise
    heading: StrOrPromise
    measures: Sequence[Measure]
    lines: Sequence[TableLine]
    note: StrOrPromise = ""
    chart: Chart | None = None

    def cells(self) -> Iterator[Row]:
        """Yields the rows of a file, the heading first."""
        yield [str(self.heading), *(measure.heading for measure in self.measures)]
        for line in self.lines:
            yield [
                line.name,
                *(measure.cell(value) for measure, value in zip(self.measures, line.values, strict=True)),
            ]

    @property
    def shown(self) -> Iterator[tuple[TableLine, list[tuple[str, str]]]]:
        """Yields each line with pairs of heading and value as text."""
        for line in self.lines:
            pairs = zip(self.measures, line.values, strict=True)
            yield line, [(str(measure.title), measure.shown(value)) for measure, value in pairs]


@dataclass(frozen=True, slots=True)
class Sum:
    """A figure of the period; ``change`` is the relative difference from the period before."""

    title: StrOrPromise
    value: str
    before: str
    change: float | None
    is_bad: bool

    @property
    def change_in_words(self) -> str:
        if self.change is None or abs(self.change) < SMALLEST_CHANGE:
            return ""
        return f"{self.change:+.1%}" if abs(self.change) < 10 else f"×{self.change + 1:,.0f}"

    @property
    def is_worse(self) -> bool:
        return self.change is not None and self.change != 0 and (self.change > 0) == self.is_bad


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of the days of a form's period, and of the period before. ``charted``: the measures drawn.

    ``day_link`` returns the address of what is behind the figures of a day. ``more`` are sums that cannot be
    computed from days: the measure, its value, and that of the period before. ``csv`` is the table of that
    file, if it is not the one by day.
    """

    title: StrOrPromise
    name: str
    form: PeriodForm
    measures: Sequence[Measure]
    days: Days
    before: Days
    charted: Sequence[int] = (0,)
    day_link: Callable[[datetime.date], str] | None = None
    tables: Sequence[Table] = ()
    more: Sequence[tuple[Measure, Number, Number]] = ()
    notes: Sequence[StrOrPromise] = ()
    csv: Table | None = None

    @property
    def is_empty(self) -> bool:
        """Returns whether there are no figures of these days, nor of those before."""
        days = (*self.days.values(), *self.before.values())
        return not any(any(values) for values in days) and not any(table.lines for table in self.tables)

    @property
    def sums(self) -> list[Sum]:
        found = []
        for number, measure in enumerate(self.measures):
            now, before = (self._aggregate(number, days) for days in (self.days, self.before))
            if measure.aggregation != Aggregation.NONE:
                found.append(compared(measure, now, before))
        return [*found, *(compared(*one) for one in self.more)]

    @property
    def chart(self) -> Chart:
        """Returns the chart of the charted measures, the first one with the period before."""
        period = self.form.period
        series = [
            Series(measure.title, [chart_value(measure, value) for value in self._column(number, self.days)])
            for number in self.charted
            for measure in [self.measures[number]]
        ]
        first = self.measures[self.charted[0]]
        earlier = self._column(self.charted[0], self.before, period.before.days)
        if any(earlier):
            title = _("%(title)s, the period before") % {"title": first.title}
            series.append(Series(title, [chart_value(first, value) for value in earlier], is_before=True))
        description = _("%(title)s from %(first)s to %(last)s; the numbers are in the table by day") % {
            "title": self.title, "first": period.first, "last": period.last,
        }  # fmt: skip
        return chart([f"{day:%m-%d}" for day in period.days], series, description=description)

    @property
    def by_day(self) -> Table:
        """Returns the table with every day of the period, the newest first."""
        link = self.day_link or (lambda _day: "")
        nothing = [None] * len(self.measures)
        lines = [TableLine(str(day), self.days.get(day, nothing), link(day)) for day in self.form.period.days]
        return Table(_("By day"), _("Day"), self.measures, lines[::-1])

    def sheets(self) -> Iterator[tuple[str, Iterator[Row]]]:
        """Yields every table of the page as a sheet of a workbook: its title and its rows."""
        for table in (self.by_day, *self.tables):
            yield str(table.title)[:31], table.cells()

    def _aggregate(self, number: int, days: Days) -> Number:
        return self.measures[number].of([days[day][number] for day in sorted(days)])

    def _column(self, number: int, days: Days, wanted: Sequence[datetime.date] | None = None) -> list[Number]:
        return [
            days[day][number] if day in days else None
            for day in (wanted if wanted is not None else self.form.period.days)
        ]


def zeroed(days: Days, wanted: Sequence[datetime.date], width: int) -> Days:
    """Returns figures that are counted here, with zeros for days without any."""
    return {day: days.get(day, [0] * width) for day in wanted}


def answer(
    request: HttpRequest, report: Report, context: Mapping[str, Any], template: str = "console/report.html"
) -> HttpResponseBase:
    """Returns the page, or the file that its address asks for."""
    period = report.form.period
    name = f"{report.name}-{period.first:%Y%m%d}-{period.last:%Y%m%d}"
    match request.GET.get("format"):
        case "csv":
            return downloads.as_csv((report.csv or report.by_day).cells(), name)
        case "xlsx":
            return downloads.as_workbook(report.sheets(), name)
    return TemplateResponse(request, template, {**context, "report": report})


def compared(measure: Measure, now: Number, before: Number) -> Sum:
    """Returns a figure with the earlier one and the change."""
    change = (now - before) / abs(before) if now is not None and before else None
    return Sum(measure.title, measure.shown(now), measure.shown(before), change, measure.is_bad)


def chart_value(measure: Measure, value: Number) -> float | None:
    """Returns the value for a chart: money in yuan, shares in percent."""
    if value is None:
        return None
    factor = {Unit.FEN: 0.01, Unit.SHARE: 100}.get(measure.unit, 1)
    return round(value * factor, 2)
