"""The days and times that people may choose, within the range of calendars, sums and the database.

The year 1 has no day before it, and in UTC part of it is a year that Python cannot read back from a table.
"""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2999, 12, 31)


def check_day(day: datetime.date) -> None:
    """Raises ``ValidationError`` for a day, or a time of one, that is not between ``FIRST`` and ``LAST``."""
    if not FIRST.year <= day.year <= LAST.year:
        bounds = {"first": FIRST.year, "last": LAST.year}
        raise ValidationError(_("Choose a day of the years %(first)d to %(last)d.") % bounds)


class DayField(forms.DateField):
    default_validators = [check_day]


class MomentField(forms.DateTimeField):
    default_validators = [check_day]


def day_field(label: StrOrPromise, **options: Any) -> DayField:
    """A field that browsers show a calendar for; it may stay empty unless ``required`` says otherwise."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return DayField(label=label, widget=widget, **{"required": False, **options})


def moment_field(label: StrOrPromise, **options: Any) -> MomentField:
    """The same with a time of the day."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return MomentField(label=label, widget=widget, **{"required": False, **options})
