"""Due rows: Postgres holds the work, a Celery message is only a doorbell.

A table of work has ``due_at`` (null once nothing is left to do). A worker claims due rows by moving
``due_at`` into the future, a lease: if the worker dies, the row is due again when the lease ends. Each app
registers its doorbell; the beat's tick rings those with due rows, so a lost ring costs one tick at most.
"""

import datetime
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from celery import Task
from django.db import models, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Doorbell:
    """``task`` works off what is due; ``is_due`` says cheaply whether there is any."""

    task: "Task[Any, Any]"
    is_due: Callable[[], bool]


_doorbells: list[Doorbell] = []


def doorbell(task: "Task[Any, Any]", is_due: Callable[[], bool]) -> None:
    _doorbells.append(Doorbell(task, is_due))


# Only so that nobody works off days of them: far more than the clocks of two machines differ by.
EXPIRES_SECONDS = 3600


def ring(task: "Task[Any, Any]", *args: int, expires: int = EXPIRES_SECONDS) -> bool:
    """Tell a worker; ``False`` if the broker is away, which loses nothing: the next tick rings again."""
    try:
        task.apply_async(args, expires=expires)
    except OperationalError as error:
        log.warning("doorbell_lost", extra={"task": task.name, "error": str(error)})
        return False
    return True


def ring_due() -> list[str]:
    """Ring every doorbell that has due rows; the names of those rung."""
    return [bell.task.name for bell in _doorbells if bell.is_due() and ring(bell.task)]


def claim(due: models.QuerySet[Row], *, lease: datetime.timedelta, limit: int) -> list[Row]:
    """Take up to ``limit`` rows whose ``due_at`` has come, in order of age, for the length of the lease."""
    with transaction.atomic():
        now = timezone.now()
        # The row itself and no more: a lock on its account would be skipped while callbacks insert rows.
        rows = list(
            due.filter(due_at__lte=now)
            .order_by("due_at", "pk")
            .select_for_update(skip_locked=True, of=("self",), no_key=True)[:limit]
        )
        due.model._default_manager.filter(pk__in=[row.pk for row in rows]).update(due_at=now + lease)
    return rows


def work_off(
    due: models.QuerySet[Row],
    do: Callable[[Row], object],
    *,
    lease: datetime.timedelta,
    limit: int = 1,
    seconds: float = math.inf,
) -> int:
    """Claim what is due, ``limit`` rows at a time, and do it until nothing is left or the seconds are over;
    how many rows were taken."""
    taken, until = 0, time.monotonic() + seconds
    while time.monotonic() < until and (rows := claim(due, lease=lease, limit=limit)):
        for row in rows:
            do(row)
        taken += len(rows)
    return taken
