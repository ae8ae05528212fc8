"""The retention of data: how long each class of data is kept, and the work that deletes older rows.

An app registers each class that it keeps, in a module that its ``tasks`` imports::

    retention.register("exports", _("Files of exports"), oldest, delete)

For a large table without an index on its time, ``first_rows`` returns the oldest rows.
``settings.RETENTION_DAYS`` has the number of days, 0 for ever; a page of the console shows it to staff.
"""

import datetime
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from wechat.kernel import rows_by_time, work
from wechat.kernel.registry import Registry

log = logging.getLogger(__name__)

BATCH = 500
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class DataClass:
    """A class of data that is deleted after some days.

    ``oldest`` returns a limited number of rows from before a moment, by a cheap query; ``delete`` deletes
    them or their files. ``days_of`` names the class whose number of days it shares.
    """

    name: str
    label: StrOrPromise
    oldest: Callable[[datetime.datetime, int], Sequence[Any]]
    delete: Callable[[Sequence[Any]], object]
    days_of: str

    @property
    def days(self) -> int:
        days: int = settings.RETENTION_DAYS[self.days_of]
        return days

    @property
    def kept_since(self) -> datetime.datetime | None:
        """Returns the moment since which all data is still there, or ``None`` if nothing is ever deleted."""
        return timezone.now() - datetime.timedelta(days=self.days) if self.days else None

    def over(self, limit: int) -> Sequence[Any]:
        """Returns the oldest rows that are due for deletion."""
        before = self.kept_since
        return self.oldest(before, limit) if before else []


CLASSES: Registry[DataClass] = Registry("class of data")


def register(
    name: str,
    label: StrOrPromise,
    oldest: Callable[[datetime.datetime, int], Sequence[Any]],
    delete: Callable[[Sequence[Any]], object],
    *,
    days_of: str = "",
) -> None:
    """Registers a class of data, so that it is deleted after its number of days, or that of another class."""
    CLASSES.add(name, DataClass(name, label, oldest, delete, days_of or name))


def first_rows(rows: QuerySet[Row], field: str, before: datetime.datetime, limit: int) -> Sequence[Row]:
    """Returns rows whose time is before a moment among the first ones by id, as ids rise with time.

    If the first one has a time in the future, by a clock that was wrong, such rows are as old as those that
    came after them, and are returned with these.
    """
    now, rows = timezone.now(), rows.order_by("pk")
    head = list(rows.values_list("pk", field)[:limit])
    if head and head[0][1] > now:
        end = rows_by_time.first_id(rows.model, field, before)
        over = Q(**{f"{field}__lt": before}) | Q(**{f"{field}__gt": now})
        return list(rows.filter(over, pk__lt=end)[:limit])
    return list(rows.filter(pk__in=[pk for pk, at in head if at < before]))


def is_due() -> bool:
    return any(each.over(1) for each in CLASSES)


FORGETTING = work.TurnKind(
    "kernel.forget_old", is_due, label=gettext_lazy("Deleting what is kept no longer"), queue=work.BULK
)


@FORGETTING.does
def forget(turn: work.Turn) -> int:
    """Deletes old rows of each class in batches; returns how many."""
    forgotten = 0
    while not turn.is_over and (count := sum(_forget(each) for each in CLASSES)):
        forgotten += count
    return forgotten


def _forget(data: DataClass) -> int:
    """Deletes a batch of one class; logs an error, so that the other classes go on."""
    try:
        rows = data.over(BATCH)
        if rows:
            data.delete(rows)
    except Exception:
        log.exception("not_forgotten", extra={"class": data.name})
        return 0
    return len(rows)
