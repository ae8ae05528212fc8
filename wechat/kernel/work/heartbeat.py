"""A short lease that is renewed while its worker lives, so that another worker goes on seconds after a kill.

A separate thread renews it, so that long calls do not outlast the lease. It skips a locked row: then the
worker is writing, and so is alive.
"""

import datetime
import logging
import threading
from types import TracebackType

from django.db import Error, connection, transaction
from django.utils import timezone

from wechat.kernel.work.rows import WorkRow

log = logging.getLogger(__name__)

EVERY = datetime.timedelta(seconds=3)
# Longer than a call lasts: what a killed worker had sent has arrived before another one goes on.
LEASE = datetime.timedelta(seconds=15)


class Heartbeat:
    """Renews the lease of a claimed row for as long as the block runs."""

    def __init__(self, row: WorkRow) -> None:
        self._row = row
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> None:
        self._row.guard = threading.Lock()
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ends.wait(EVERY.total_seconds()):
            try:
                renew(self._row)
            except Error as error:
                log.warning("heartbeat_missed", extra={"row": self._row.pk, "error": str(error)})
            finally:
                connection.close()


def renew(row: WorkRow) -> None:
    """Extends the lease of a row that this worker still holds, unless it is longer already."""
    with row.guard, transaction.atomic():
        until = timezone.now() + LEASE
        held = type(row)._default_manager.filter(pk=row.pk, due_at=row.due_at, due_at__lt=until)
        mine = list(held.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        if mine:
            type(row)._default_manager.filter(pk__in=mine).update(due_at=until, leased_until=until)
            row.due_at = row.leased_until = until


def is_missing(row: WorkRow) -> bool:
    """Returns whether the worker of a leased row has not renewed the lease for a while."""
    return row.due_at is not None and row.due_at < timezone.now() + LEASE - 2 * EVERY
