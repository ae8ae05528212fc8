"""The pages of the reports on channels: a comparison, one channel, and downloads."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, object_page
from accounts.staff.rights import Area
from wechat.channels import report, report_file
from wechat.channels.models import Channel
from wechat.channels.page_frame import all_channels, frame
from wechat.channels.report import ChannelFigures, ReportRow
from wechat.console import downloads
from wechat.console.periods import Period, PeriodForm
from wechat.console.reports import Days, Measure, Number, Report, Table, TableLine, Unit, answer

PAGE = 50

SORTS: dict[str, Callable[[ReportRow], float]] = {
    "new": lambda line: line.figures.new,
    "scans": lambda line: line.figures.scans,
    "again": lambda line: line.figures.again,
    "stay": lambda line: line.figures.stays[-1].share or 0.0,
    "revenue": lambda line: line.figures.revenue.fen,
    "cost": lambda line: -line.cost_each if line.cost_each is not None else -math.inf,
}
COUNTED = (
    Measure(gettext_lazy("scans")),
    Measure(gettext_lazy("new followers")),
    Measure(gettext_lazy("followed again")),
    Measure(gettext_lazy("existing followers")),
)
STAYED = (
    Measure(gettext_lazy("stayed a day"), Unit.SHARE),
    Measure(gettext_lazy("stayed 7 days"), Unit.SHARE),
    Measure(gettext_lazy("stayed 30 days"), Unit.SHARE),
)
EARNED = (Measure(gettext_lazy("orders")), Measure(gettext_lazy("revenue"), Unit.FEN))
COST = Measure(gettext_lazy("cost of a new follower"), Unit.FEN, is_bad=True)


class CompareForm(PeriodForm):
    group = forms.CharField(label=gettext_lazy("Group of channels"), required=False, max_length=40)
    sort = forms.ChoiceField(
        label=gettext_lazy("First come those with most"),
        required=False,
        choices=[
            ("new", gettext_lazy("new followers")),
            ("scans", gettext_lazy("scans")),
            ("again", gettext_lazy("who followed again")),
            ("stay", gettext_lazy("who stayed 30 days")),
            ("cost", gettext_lazy("new followers for the money")),
        ],
    )


@account_page(Area.CONTENT)
def compare(request: HttpRequest, account: OfficialAccount) -> HttpResponseBase:
    form = CompareForm(request.GET)
    period = form.period
    channels = _channels(account, form)
    lines = _sorted(report.compared(account, period, channels), form)
    earlier = report.compared(account, period.before, channels)
    chosen = [line.channel.pk for line in lines] if _group(form) else None
    days, before = _days(account, period, chosen)
    page = Paginator(lines, PAGE).get_page(request.GET.get("page"))
    shown = Report(
        title=_("Channel report"),
        name=f"channels-{account.slug}",
        form=form,
        measures=COUNTED,
        days=days,
        before=before,
        charted=(1, 2, 3),
        more=_more(report.total(lines), report.total(earlier)),
        tables=[_table(lines)],
    )
    context = {
        "page_of": page,
        "most": max((line.figures.new for line in page), default=0),
        "has_revenue": report.has_revenue(),
    }
    return answer(request, shown, frame(request, shown.title, **context), "channels/report.html")


@object_page(all_channels, Area.CONTENT)
def one(request: HttpRequest, channel: Channel) -> HttpResponseBase:
    form = PeriodForm(request.GET)
    period, account = form.period, channel.account
    line, earlier = report.of_channel(channel, period), report.of_channel(channel, period.before)
    more = _more(line.figures, earlier.figures)
    days, before = _days(account, period, [channel.pk])
    shown = Report(
        title=str(channel),
        name=f"channel-{account.slug}-{channel.pk}",
        form=form,
        measures=COUNTED,
        days=days,
        before=before,
        charted=(1, 2, 3),
        more=[*more, (COST, line.cost_each, None)] if line.cost_each is not None else more,
    )
    return answer(request, shown, frame(request, shown.title, channel=channel), "channels/report_one.html")


@account_page(Area.CONTENT)
def export(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = CompareForm(request.GET)
    period = form.period
    name = f"channels-{account.slug}-{period.first:%Y%m%d}-{period.last:%Y%m%d}"
    lines = _sorted(report.compared(account, period, _channels(account, form)), form)
    prefetch_related_objects([line.channel for line in lines], "owner")
    return downloads.as_csv(report_file.rows(lines), name)


def _channels(account: OfficialAccount, form: CompareForm) -> QuerySet[Channel]:
    channels: QuerySet[Channel] = Channel.objects.filter(account=account)
    group = _group(form)
    return channels.filter(group=group) if group else channels


def _group(form: CompareForm) -> str:
    return str(form.cleaned_data.get("group", "")).strip() if form.is_valid() else ""


def _sorted(lines: list[ReportRow], form: CompareForm) -> list[ReportRow]:
    chosen = form.cleaned_data.get("sort") if form.is_valid() else ""
    return sorted(lines, key=SORTS[chosen or "new"], reverse=True)


def _days(account: OfficialAccount, period: Period, channels: Sequence[int] | None) -> tuple[Days, Days]:
    """Returns the daily figures of the period and of the period before, with one query."""
    both = report.by_day(account, Period(period.before.first, period.last), channels)
    values = {each.day: [each.scans, each.new, each.again, each.existing] for each in both}
    days, before = ({day: values[day] for day in each} for each in (period.days, period.before.days))
    return days, before


def _more(now: ChannelFigures, before: ChannelFigures) -> list[tuple[Measure, Number, Number]]:
    """Returns the figures that are not sums of days, for the period and for the one before."""
    pairs = zip(_rest_of(now), _rest_of(before), strict=True)
    return [(measure, *pair) for measure, pair in zip(_measures(), pairs, strict=True)]


def _measures() -> list[Measure]:
    return [*STAYED, *(EARNED if report.has_revenue() else ())]


def _rest_of(figures: ChannelFigures) -> list[Number]:
    earned: list[Any] = [figures.revenue.orders, figures.revenue.fen] if report.has_revenue() else []
    return [*(stay.share for stay in figures.stays), *earned]


def _table(lines: Sequence[ReportRow]) -> Table:
    """Returns the table of all channels for the workbook; the page shows only some at a time."""
    return Table(
        _("channels"),
        _("channel"),
        [*COUNTED[:3], *_measures(), COST],
        [
            TableLine(
                line.channel.name,
                [
                    line.figures.scans,
                    line.figures.new,
                    line.figures.again,
                    *_rest_of(line.figures),
                    line.cost_each,
                ],
            )
            for line in lines
        ],
    )
