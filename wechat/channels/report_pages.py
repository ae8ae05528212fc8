"""What the channels brought: compared with one another, one by one, and as a file."""

import datetime
import math
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.gate import account_page, object_page
from accounts.staff.rights import Area
from wechat.channels import chart, report, report_file
from wechat.channels.models import Channel
from wechat.channels.page_frame import all_channels, frame
from wechat.channels.report import STAYS, Period, ReportRow
from wechat.console.tables import downloads

SHOWN_DAYS = 30
LONGEST_DAYS = 400
PAGE = 50

SORTS: dict[str, Callable[[ReportRow], float]] = {
    "new": lambda line: line.figures.new,
    "scans": lambda line: line.figures.scans,
    "again": lambda line: line.figures.again,
    "stay": lambda line: line.figures.stays[-1].share or 0.0,
    "revenue": lambda line: line.figures.revenue.fen,
    "cost": lambda line: -line.cost_each if line.cost_each is not None else -math.inf,
}


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class PeriodForm(forms.Form):
    """Nothing chosen: the last 30 days."""

    first = _day(gettext_lazy("From"))
    last = _day(gettext_lazy("To"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        last = cleaned.get("last") or timezone.localdate()
        first = cleaned.get("first") or last - datetime.timedelta(days=SHOWN_DAYS - 1)
        if first > last:
            self.add_error("first", _("The first day is after the last."))
        elif (last - first).days >= LONGEST_DAYS:
            self.add_error("first", _("Choose 400 days at most."))
        return {**cleaned, "first": first, "last": last}

    @property
    def period(self) -> Period:
        """The chosen one; the usual one if that makes no sense."""
        if self.is_valid():
            return Period(self.cleaned_data["first"], self.cleaned_data["last"])
        today = timezone.localdate()
        return Period(today - datetime.timedelta(days=SHOWN_DAYS - 1), today)


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
def compare(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = CompareForm(request.GET)
    period = form.period
    lines = _lines(account, form)
    page = Paginator(lines, PAGE).get_page(request.GET.get("page"))
    context = {
        **frame(request, _("Channel report")),
        "chart": chart.drawn(report.by_day(account, period, _chosen_ids(form, lines))),
        "form": form,
        "period": period,
        "page_of": page,
        "most": max((line.figures.new for line in page), default=0),
        "total": report.total(lines),
        "stays": STAYS,
        "tells_revenue": report.tells_revenue(),
        "query": _query(request),
    }
    return TemplateResponse(request, "channels/report.html", context)


@object_page(all_channels, Area.CONTENT)
def one(request: HttpRequest, channel: Channel) -> HttpResponse:
    form = PeriodForm(request.GET)
    period = form.period
    line = report.of_channel(channel, period)
    context = {
        **frame(request, str(channel)),
        "chart": chart.drawn(report.by_day(channel.account, period, [channel.pk])),
        "form": form,
        "period": period,
        "channel": channel,
        "total": line.figures,
        "cost_each": line.cost_each,
        "stays": STAYS,
        "tells_revenue": report.tells_revenue(),
    }
    return TemplateResponse(request, "channels/report_one.html", context)


@account_page(Area.CONTENT)
def export(request: HttpRequest, account: OfficialAccount) -> HttpResponse:
    form = CompareForm(request.GET)
    period = form.period
    name = f"channels-{account.slug}-{period.first:%Y%m%d}-{period.last:%Y%m%d}"
    lines = _lines(account, form)
    prefetch_related_objects([line.channel for line in lines], "owner")
    return downloads.as_csv(report_file.rows(lines), name)


def _lines(account: OfficialAccount, form: CompareForm) -> list[ReportRow]:
    channels: QuerySet[Channel] = Channel.objects.filter(account=account)
    chosen = form.cleaned_data if form.is_valid() else {}
    if group := chosen.get("group", "").strip():
        channels = channels.filter(group=group)
    lines = report.compared(account, form.period, channels)
    return sorted(lines, key=SORTS[chosen.get("sort") or "new"], reverse=True)


def _chosen_ids(form: CompareForm, lines: Sequence[ReportRow]) -> list[int] | None:
    """``None`` is all of the account's."""
    return [line.channel.pk for line in lines] if form.cleaned_data.get("group") else None


def _query(request: HttpRequest) -> str:
    kept = request.GET.copy()
    kept.pop("page", None)
    return kept.urlencode()
