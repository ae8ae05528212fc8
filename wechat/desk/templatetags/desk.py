import datetime

from django import template
from django.utils.translation import ngettext

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400


@register.filter
def roughly(length: datetime.timedelta) -> str:
    """Returns a length of time in its largest whole unit: 12 minutes, 3 hours, 2 days."""
    seconds = int(length.total_seconds())
    if seconds >= DAY:
        return ngettext("%d day", "%d days", seconds // DAY) % (seconds // DAY)
    if seconds >= HOUR:
        return ngettext("%d hour", "%d hours", seconds // HOUR) % (seconds // HOUR)
    minutes = max(seconds // MINUTE, 1)
    return ngettext("%d minute", "%d minutes", minutes) % minutes


@register.filter
def urgency(length: datetime.timedelta) -> str:
    """Returns the colour class of a waiting time: ``bad`` from an hour on, otherwise ``warn``."""
    return "bad" if length.total_seconds() >= HOUR else "warn"
