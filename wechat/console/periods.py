"""The periods of days for which figures are shown, usually the last 7, 30 or 90 days, and the one before.

A day is that of Asia/Shanghai, which has no summer time, so that all have 24 hours.
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
from wechat.sdk.beijing import midnight

DAY = datetime.timedelta(days=1)
OFFERED = (7, 30, 90)
SHOWN_DAYS = 30
LONGEST_DAYS = 400
# The parameters of a page's address that are not filters.
OF_THE_PAGE = frozenset({"days", "first", "last", "page", "format"})


@dataclass(frozen=True, slots=True)
class Period:
    """A period of days; ``first`` and ``last`` are included."""

    first: datetime.date
    last: datetime.date

    @classmethod
    def until_today(cls, days: int, *, days_ago: int = 0) -> "Period":
        """Returns a period of ``days`` days that ends today, or ``days_ago`` days ago."""
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
        """Returns the query string that asks a page for this period."""
        return f"first={self.first}&last={self.last}"


class PeriodForm(forms.Form):
    """A form for a period, by default the last 30 days; ``days`` in the address is an offered length.

    If there are no figures of today, the usual periods end ``ends_days_ago`` days earlier, and are compared
    with periods of the same length.
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
            self.add_error("first", _("Choose a first day that is not after the last."))
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
        """Returns the chosen period, or the usual one if the choice is invalid."""
        if self.is_valid():
            return Period(self.cleaned_data["first"], self.cleaned_data["last"])
        return self.usual

    @property
    def offered(self) -> list[tuple[int, bool]]:
        """Returns the offered lengths in days, each with whether it is the current one."""
        period = self.period
        is_usual = period.last == self.usual.last
        return [(days, is_usual and period.length == days) for days in OFFERED]

    @property
    def rest(self) -> str:
        """Returns the query string of the address without the period, with a leading "&", or ""."""
        kept = {name: value for name, value in self.data.items() if name not in OF_THE_PAGE}
        return f"&{urlencode(kept)}" if kept else ""
