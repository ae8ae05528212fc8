"""The claiming of due rows by a lease."""

import datetime
from itertools import takewhile
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from wechat.kernel.work.rows import WorkRow

Row = TypeVar("Row", bound=WorkRow)


def claim(rows: QuerySet[Row], *, lease: datetime.timedelta, limit: int) -> list[Row]:
    """Leases up to ``limit`` due rows and returns them, the oldest first.

    A row whose last worker ended without an outcome is leased alone, see ``interruptions``.
    """
    with transaction.atomic():
        now = timezone.now()
        # The row itself and no more: a lock on its account would be skipped while callbacks insert rows.
        due = list(
            rows.filter(due_at__lte=now)
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",), no_key=True)[:limit]
        )
        found = _alone(due)
        leased = rows.model._default_manager.filter(pk__in=[row.pk for row in found])
        leased.update(due_at=now + lease, leased_until=now + lease)
    for row in found:
        row.is_suspect = row.is_leased
        row.due_at = row.leased_until = now + lease
    return found


def _alone(due: list[Row]) -> list[Row]:
    """Returns the first row alone if its worker was interrupted, else the rows before the first such row."""
    return list(takewhile(lambda row: not row.is_leased, due)) or due[:1]
