"""The registry of daily figures: what each figure is, who may see it, and where it comes from.

An app joins in with a module ``daily_figures``::

    SOURCES.add("orders", FigureSource((Figure("revenue", Measure(_("Revenue")), Area.MONEY, link),), by_day))
"""

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from wechat.console.reports import Measure
from wechat.kernel.registry import Registry

Numbers = Mapping[datetime.date, int]
# Of an account, from one day to another, both included (days of ``settings.TIME_ZONE``): for each figure's
# name its numbers. A day without one is 0, or unknown where the days have no sum (``Whole.NONE``).
ByDay = Callable[[OfficialAccount, datetime.date, datetime.date], Mapping[str, Numbers]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that each day has. ``link`` leads to what it counted, from one day to another."""

    name: str
    measure: Measure
    area: Area
    link: Callable[[datetime.date, datetime.date], str]


@dataclass(frozen=True, slots=True)
class FigureSource:
    """A group of figures that are read together, and the function that reads them."""

    figures: tuple[Figure, ...]
    by_day: ByDay


SOURCES: Registry[FigureSource] = Registry("source of daily figures")
