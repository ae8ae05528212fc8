"""Sends that were due long ago, as after an outage or in a restored copy: a person decides about them.

What somebody planned for Monday morning may be the wrong thing on Wednesday night. A kind of work that has
such rows names them (``asks``); those of them that were due long ago and were never tried are not claimed.
Nothing is written down for it: whether a row waits is told by its own due time.
"""

from django.conf import settings
from django.db.models import Q
from django.utils import timezone


def long_ago(asks: Q) -> Q:
    """Returns which of the rows have waited for longer than a send may be late by itself."""
    return asks & Q(due_at__lt=timezone.now() - settings.OVERDUE_SENDS_ASK_AFTER, attempts=0, error="")
