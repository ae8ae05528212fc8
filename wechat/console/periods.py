"""The periods of figures: the last 7, 30 or 90 days or any other, and the period before.

A day is Asia/Shanghai's, which has no summer time, so that all have 24 hours.
"""

import datetime
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wechat.console.days import day_field

DAY = datetime.timedelta(days=1)
OFFERED = (7, 30, 90)
SHOWN_DAYS = 30
LONGEST_DAYS = 400
# What the address of a page says besides what was chosen to be shown.
OF_THE_PAGE = frozenset({"days", "first", "last", "page", "format"})


@dataclass(frozen=True, slots=True)
class Period:
    """A period of days, both ends included."""

    first: datetime.date
    last: datetime.date

    @classmethod
    def until_today(cls, days: int, *, days_ago: int = 0) -> "Period":
        """Returns so many days of which today is the last, or a day so long ago."""
        last = timezone.localdate() - days_ago * DAY
        return cls(last - (days - 1) * DAY, last)

    @property
    def begins(self) -> datetime.datetime:
        return midnight(self.first)

    @property
    def ends(self) -> datetime.datetime:
        return midnight(self.last + DAY)

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def days(self) -> list[datetime.date]:
        return [self.first + number * DAY for number in range(self.length)]

    @property
    def before(self) -> "Period":
        """Returns the period of the same length right before this one."""
        return Period(self.first - self.length * DAY, self.first - DAY)

    @property
    def query(self) -> str:
        """Returns what asks a page for these days."""
        return f"first={self.first}&last={self.last}"


def midnight(day: datetime.date) -> datetime.datetime:
    """Returns the moment at which the day begins."""
    return timezone.make_aware(
        datetime.datetime.combine(day, datetime.time()), timezone.get_default_timezone()
    )


class PeriodForm(forms.Form):
    """The form of a period: by default the last 30 days; ``days`` is an offered number of days until today.

    If today's figures are not available yet, the offered periods end ``ends_days_ago`` days earlier.
    """

    ends_days_ago: ClassVar[int] = 0

    first = day_field(gettext_lazy("From"))
    last = day_field(gettext_lazy("To"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        usual = self.usual
        last = cleaned.get("last") or usual.last
        first = cleaned.get("first") or last - (usual.length - 1) * DAY
        if first > last:
            self.add_error("first", _("The first day is after the last."))
        elif (last - first).days >= LONGEST_DAYS:
            self.add_error("first", _("Choose 400 days at most."))
        return {**cleaned, "first": first, "last": last}

    @property
    def usual(self) -> Period:
        offered = {str(days): days for days in OFFERED}
        days = offered.get(self.data.get("days", ""), SHOWN_DAYS)
        return Period.until_today(days, days_ago=self.ends_days_ago)

    @property
    def period(self) -> Period:
        """The chosen one; the usual one if that makes no sense."""
        if self.is_valid():
            return Period(self.cleaned_data["first"], self.cleaned_data["last"])
        return self.usual

    @property
    def offered(self) -> list[tuple[int, bool]]:
        """Returns the lengths to choose from, each with whether it is what is shown."""
        period = self.period
        is_usual = period.last == self.usual.last
        return [(days, is_usual and period.length == days) for days in OFFERED]

    @property
    def rest(self) -> str:
        """Returns what the address asks for besides the days."""
        kept = {name: value for name, value in self.data.items() if name not in OF_THE_PAGE}
        return f"&{urlencode(kept)}" if kept else ""
