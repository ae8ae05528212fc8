"""The report as a CSV file."""

import csv
import io
from collections.abc import Iterable

from django.utils.translation import gettext as _

from wechat.channels import report
from wechat.channels.report import STAYS, Line
from wechat.sdk.pay import money


def written(lines: Iterable[Line]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_titles())
    writer.writerows(_cells(line) for line in lines)
    return file.getvalue()


def _titles() -> list[str]:
    about = [_("channel"), _("group of channels"), _("place"), _("responsible")]
    counted = [_("scans"), _("new followers"), _("followed again")]
    stays = [_("stayed %(days)d days") % {"days": days} for days in STAYS]
    revenue = [_("orders"), _("revenue in yuan")] if report.tells_revenue() else []
    return [*about, *counted, *stays, *revenue, _("cost in yuan"), _("cost of a new follower")]


def _cells(line: Line) -> list[object]:
    channel, figures = line.channel, line.figures
    owner = channel.owner.get_username() if channel.owner else ""
    texts = [_harmless(text) for text in (channel.name, channel.group, channel.place, owner)]
    stays = ["" if stay.share is None else f"{stay.share:.1%}" for stay in figures.stays]
    earned = figures.revenue
    revenue = [earned.orders, _yuan(earned.fen)] if report.tells_revenue() else []
    each = "" if line.cost_each is None else _yuan(line.cost_each)
    counted = [figures.scans, figures.new, figures.again]
    return [*texts, *counted, *stays, *revenue, _yuan(channel.cost), each]


def _yuan(fen: float) -> str:
    return money.yuan(round(fen))


def _harmless(text: str) -> str:
    """A spreadsheet takes a text with such a beginning for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
