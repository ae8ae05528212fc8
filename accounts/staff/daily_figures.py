"""The registry of daily figures: their measure, who may see them, and the function that reads them.

An app registers its own in a module ``daily_figures``::

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
# Called with an account and the first and last day (of ``settings.TIME_ZONE``); returns the numbers by the
# figure's name. A missing day is 0, or unknown where the days have no sum (``Aggregation.NONE``).
ByDay = Callable[[OfficialAccount, datetime.date, datetime.date], Mapping[str, Numbers]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number for each day. ``link`` returns the address of what was counted, from one day to another."""

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
