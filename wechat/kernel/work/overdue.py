"""The sends that were due long ago, after an outage or a restored backup: a person decides about them.

A message planned for Monday morning may be wrong on Wednesday night. A kind of work selects such rows by
``asks``; those that were due long ago and never tried are not claimed. No column is needed: the due time
tells whether a row waits.
"""

from django.conf import settings
from django.db.models import Q
from django.utils import timezone


def long_ago(asks: Q) -> Q:
    """Returns the condition for untried rows that are later than a send may be without a decision."""
    return asks & Q(due_at__lt=timezone.now() - settings.OVERDUE_SENDS_ASK_AFTER, attempts=0, error="")
