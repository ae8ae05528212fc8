"""The dates and times as pages show them."""

import datetime
from typing import Any

from django.utils.formats import date_format, time_format
from django.utils.timezone import is_aware, localtime


def in_words(value: Any) -> str:
    """Returns a date or a time in digits, to the minute; anything else as it is."""
    if isinstance(value, datetime.datetime):
        return date_format(localtime(value) if is_aware(value) else value, "Y-m-d H:i")
    if isinstance(value, datetime.date):
        return date_format(value, "Y-m-d")
    return time_format(value, "H:i") if isinstance(value, datetime.time) else str(value)
