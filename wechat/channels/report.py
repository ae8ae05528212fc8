"""The report on channels in a span of days, counted by Postgres from the scans.

Days are Asia/Shanghai's, which has no summer time, so that all have 24 hours. A follower *stayed* N days if
they had not left N days after they followed; followers of fewer than N days are not counted.
"""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Q,
    QuerySet,
    Value,
)
from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.channels.models import Channel, Scan
from wechat.console.periods import Period
from wechat.console.revenue import Revenue
from wechat.kernel.registry import Registry
from wechat.sdk.beijing import midnight

STAY_DAYS = (1, 7, 30)
FOLLOWED = ~Q(kind=Scan.Kind.EXISTING)


@dataclass(frozen=True, slots=True)
class Stay:
    """The number of followers who ``stayed``, of those who ``followed`` long enough ago."""

    stayed: int = 0
    followed: int = 0

    @property
    def share(self) -> float | None:
        return self.stayed / self.followed if self.followed else None


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    scans: int = 0
    new: int = 0
    again: int = 0
    stays: tuple[Stay, ...] = (Stay(),) * len(STAY_DAYS)
    revenue: Revenue = field(default_factory=Revenue)

    @property
    def existing(self) -> int:
        return self.scans - self.new - self.again


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A channel's line of the report.

    ``cost_each`` is the cost in fen for each new follower ever, ``None`` if it is not known.
    """

    channel: Channel
    figures: ChannelFigures
    cost_each: float | None = None


@dataclass(frozen=True, slots=True)
class DayFigures:
    day: datetime.date
    new: int = 0
    again: int = 0
    existing: int = 0

    @property
    def scans(self) -> int:
        return self.new + self.again + self.existing


RevenueSource = Callable[[OfficialAccount, Period], Mapping[int, Revenue]]
_revenue: Registry[RevenueSource] = Registry("source of revenue by channel")


def register_revenue(source: RevenueSource) -> RevenueSource:
    """Registers a source of revenue.

    ``source`` returns the revenue by channel id, with an attribution of its own choice.
    """
    return _revenue.register(source)


def has_revenue() -> bool:
    return bool(_revenue)


def compared(account: OfficialAccount, period: Period, channels: QuerySet[Channel]) -> list[ReportRow]:
    """Returns a line for each of the channels, with or without scans, most new followers first."""
    figures = _by_channel(_scans(account, period))
    revenue = _all_revenue(account, period)
    ever = _new_ever(account)
    lines = [
        _line(channel, figures.get(channel.pk, {}), revenue.get(channel.pk), ever.get(channel.pk, 0))
        for channel in channels
    ]
    return sorted(lines, key=lambda line: (-line.figures.new, -line.figures.scans, -line.channel.pk))


def of_channel(channel: Channel, period: Period) -> ReportRow:
    rows = Scan.objects.filter(channel=channel, at__gte=period.begins, at__lt=period.ends)
    ever = Scan.objects.filter(channel=channel, kind=Scan.Kind.NEW).count() if channel.cost else 0
    revenue = _all_revenue(channel.account, period)
    return _line(channel, _by_channel(rows).get(channel.pk, {}), revenue.get(channel.pk), ever)


def by_day(
    account: OfficialAccount, period: Period, channels: Sequence[int] | None = None
) -> list[DayFigures]:
    """Returns the figures of every day of the period, with or without scans.

    They are those of all channels of the account, or of the channels with the given ids.
    """
    rows = _scans(account, period)
    if channels is not None:
        rows = rows.filter(channel__in=channels)
    counted: Any = rows.annotate(began=_day_of("at", period)).values("began").annotate(**_kinds()).order_by()
    found = {timezone.localdate(each.pop("began")): each for each in counted}
    return [DayFigures(day, **found.get(day, {})) for day in period.days]


def total(lines: Sequence[ReportRow]) -> ChannelFigures:
    """Returns the sum of the figures of all lines."""
    figures = [line.figures for line in lines]
    return ChannelFigures(
        scans=sum(each.scans for each in figures),
        new=sum(each.new for each in figures),
        again=sum(each.again for each in figures),
        stays=tuple(
            Stay(
                sum(each.stays[place].stayed for each in figures),
                sum(each.stays[place].followed for each in figures),
            )
            for place in range(len(STAY_DAYS))
        ),
        revenue=Revenue(
            sum(each.revenue.orders for each in figures), sum(each.revenue.fen for each in figures)
        ),
    )


def today_and_ever(channels: Sequence[int]) -> dict[int, dict[str, int]]:
    """Returns ``today``, ``ever`` and ``new`` (scans of today, all scans, new followers) by channel id."""
    today = midnight(timezone.localdate())
    rows = Scan.objects.filter(channel__in=channels).values("channel").order_by()
    counted: Any = rows.annotate(
        ever=Count("at"),
        new=Count("at", filter=Q(kind=Scan.Kind.NEW)),
        today=Count("at", filter=Q(at__gte=today)),
    )
    return {each.pop("channel"): each for each in counted}


def _scans(account: OfficialAccount, period: Period) -> QuerySet[Scan]:
    return Scan.objects.filter(account=account, at__gte=period.begins, at__lt=period.ends)


def _by_channel(rows: QuerySet[Scan]) -> dict[int, dict[str, int]]:
    """Returns the counts by channel id; ``left_7`` counts those of ``followed_7`` who left within 7 days."""
    now = timezone.now()
    asked: dict[str, Any] = {"scans": Count("at"), **_kinds()}
    for days in STAY_DAYS:
        length = datetime.timedelta(days=days)
        old_enough = Q(at__lte=now - length)
        asked[f"followed_{days}"] = Count("at", filter=old_enough & FOLLOWED)
        asked[f"left_{days}"] = Count("at", filter=Q(stayed__lt=length) & old_enough)
    stayed = ExpressionWrapper(F("left_at") - F("at"), DurationField())
    counted: Any = (
        rows.values("channel").annotate(stayed=stayed).values("channel").annotate(**asked).order_by()
    )
    return {each.pop("channel"): each for each in counted}


def _day_of(field: str, period: Period) -> Func:
    """Returns the expression for the beginning of the day of a field.

    For a million rows this is much cheaper than a date in a time zone.
    """
    day, first = Value(datetime.timedelta(days=1)), Value(period.begins)
    return Func(day, F(field), first, function="date_bin", output_field=DateTimeField())


def _kinds() -> dict[str, Any]:
    return {kind.value: Count("at", filter=Q(kind=kind)) for kind in Scan.Kind}


def _new_ever(account: OfficialAccount) -> dict[int, int]:
    """Returns the numbers of new followers ever, by channel id, for channels that have a cost."""
    rows = Scan.objects.filter(channel__account=account, channel__cost__gt=0, kind=Scan.Kind.NEW)
    return dict(rows.values_list("channel").annotate(count=Count("at")).order_by())


def _all_revenue(account: OfficialAccount, period: Period) -> Mapping[int, Revenue]:
    found: dict[int, Revenue] = {}
    for source in _revenue:
        for channel_id, revenue in source(account, period).items():
            found[channel_id] = found.get(channel_id, Revenue()) + revenue
    return found


def _line(channel: Channel, counted: Mapping[str, int], revenue: Revenue | None, new_ever: int) -> ReportRow:
    stays = tuple(_stay(counted, days) for days in STAY_DAYS)
    figures = ChannelFigures(
        counted.get("scans", 0),
        counted.get("new", 0),
        counted.get("again", 0),
        stays,
        revenue or Revenue(),
    )
    return ReportRow(channel, figures, channel.cost / new_ever if channel.cost and new_ever else None)


def _stay(counted: Mapping[str, int], days: int) -> Stay:
    followed = counted.get(f"followed_{days}", 0)
    return Stay(followed - counted.get(f"left_{days}", 0), followed)
