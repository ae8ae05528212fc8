"""Claiming rows that are due."""

import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from wechat.kernel.work.rows import WorkRow

Row = TypeVar("Row", bound=WorkRow)


def claim(rows: QuerySet[Row], *, lease: datetime.timedelta, limit: int) -> list[Row]:
    """Lease up to ``limit`` rows whose time has come; returns them, the one due the longest first."""
    with transaction.atomic():
        now = timezone.now()
        # The row itself and no more: a lock on its account would be skipped while callbacks insert rows.
        found = list(
            rows.filter(due_at__lte=now)
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",), no_key=True)[:limit]
        )
        leased = rows.model._default_manager.filter(pk__in=[row.pk for row in found])
        leased.update(due_at=now + lease)
    for row in found:
        row.due_at = now + lease
    return found
