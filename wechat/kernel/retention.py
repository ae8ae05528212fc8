"""How long files and logs are kept, by class of data, and the work that deletes what is older.

An app that keeps something of a class registers it, in a module that its ``tasks`` imports::

    retention.register("exports", _("Files of exports"), oldest, delete)

``settings.RETENTION_DAYS`` says for how long, 0 for ever; staff read it on a page.
"""

import datetime
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from wechat.kernel import work
from wechat.kernel.registry import Registry

log = logging.getLogger(__name__)

BATCH = 500


@dataclass(frozen=True, slots=True)
class DataClass:
    """A class of data that is deleted when its time is over.

    ``oldest`` gives up to so many of the rows made before a moment, cheaply; ``delete`` deletes them, or
    their files.
    """

    name: str
    label: StrOrPromise
    oldest: Callable[[datetime.datetime, int], Sequence[Any]]
    delete: Callable[[Sequence[Any]], object]

    @property
    def days(self) -> int:
        days: int = settings.RETENTION_DAYS[self.name]
        return days

    @property
    def kept_since(self) -> datetime.datetime | None:
        """Returns since when everything is still there, or ``None`` where nothing is ever deleted."""
        return timezone.now() - datetime.timedelta(days=self.days) if self.days else None

    def over(self, limit: int) -> Sequence[Any]:
        """Returns the oldest rows whose time is over."""
        before = self.kept_since
        return self.oldest(before, limit) if before else []


CLASSES: Registry[DataClass] = Registry("class of data")


def register(
    name: str,
    label: StrOrPromise,
    oldest: Callable[[datetime.datetime, int], Sequence[Any]],
    delete: Callable[[Sequence[Any]], object],
) -> None:
    """Has the data of this class deleted when its time is over."""
    CLASSES.add(name, DataClass(name, label, oldest, delete))


def is_due() -> bool:
    return any(each.over(1) for each in CLASSES)


FORGETTING = work.TurnKind(
    "kernel.forget_old", is_due, label=gettext_lazy("Deleting what is kept no longer"), queue=work.BULK
)


@FORGETTING.does
def forget(turn: work.Turn) -> int:
    """Deletes batch after batch of each class; returns how many rows."""
    forgotten = 0
    while not turn.is_over and (count := sum(_forget(each) for each in CLASSES)):
        forgotten += count
    return forgotten


def _forget(data: DataClass) -> int:
    """Deletes a batch; a class that cannot be deleted keeps no other from it."""
    try:
        rows = data.over(BATCH)
        if rows:
            data.delete(rows)
    except Exception:
        log.exception("not_forgotten", extra={"class": data.name})
        return 0
    return len(rows)
