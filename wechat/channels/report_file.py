"""The report on channels as rows of a file."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from wechat.channels import report
from wechat.channels.report import STAY_DAYS, ReportRow
from wechat.console.tables.cells import Value
from wechat.console.tables.writing import Row
from wechat.sdk.pay.money import decimal_yuan


def rows(lines: Iterable[ReportRow]) -> Iterator[Row]:
    yield _titles()
    for line in lines:
        yield _cells(line)


def _titles() -> Row:
    about = [_("channel"), _("group of channels"), _("place"), _("responsible")]
    counted = [_("scans"), _("new followers"), _("followed again")]
    stays = [_("stayed %(days)d days") % {"days": days} for days in STAY_DAYS]
    revenue = [_("orders"), _("revenue in yuan")] if report.has_revenue() else []
    return [*about, *counted, *stays, *revenue, _("cost in yuan"), _("cost of a new follower")]


def _cells(line: ReportRow) -> Row:
    channel, figures = line.channel, line.figures
    owner = channel.owner.get_username() if channel.owner else ""
    texts: list[Value] = [channel.name, channel.group, channel.place, owner]
    stays = ["" if stay.share is None else f"{stay.share:.1%}" for stay in figures.stays]
    earned = figures.revenue
    revenue: list[Value] = [earned.orders, _yuan(earned.fen)] if report.has_revenue() else []
    each = None if line.cost_each is None else _yuan(line.cost_each)
    counted = [figures.scans, figures.new, figures.again]
    return [*texts, *counted, *stays, *revenue, _yuan(channel.cost), each]


def _yuan(fen: float) -> Decimal:
    return decimal_yuan(round(fen))
