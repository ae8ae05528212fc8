"""The comparison of a worker's clock with that of Postgres: one worker writes leases, others read them.

A worker whose clock is ahead would take rows that others still work on, and would mark sends as uncertain
that are under way. So a worker with a wrong clock takes no rows.
"""

import datetime
import logging
import math
import time

from django.db import connection
from django.utils import timezone

from wechat.kernel import metrics

log = logging.getLogger(__name__)

# Two workers that differ by twice as much still leave each other's leases alone, the shortest among them.
MOST = datetime.timedelta(seconds=5)
EVERY_SECONDS = 10.0


class ClockWatch:
    """Compares the clocks at most every ten seconds, after ``start``, which only workers call."""

    def __init__(self) -> None:
        self._is_started = False
        self._is_right = True
        self._looked_at = -math.inf

    def start(self) -> None:
        self._is_started = True

    def is_right(self) -> bool:
        """Returns whether this process's clock is right enough to write and read leases."""
        if self._is_started and time.monotonic() >= self._looked_at + EVERY_SECONDS:
            off = _difference()
            self._is_right = off <= MOST
            self._looked_at = time.monotonic()
            if not self._is_right:
                metrics.CLOCK_WRONG.inc()
                log.error("clock_is_wrong", extra={"seconds": round(off.total_seconds())})
        return self._is_right


watch = ClockWatch()


def _difference() -> datetime.timedelta:
    """Returns the least possible difference of the clocks, given the time that the query took."""
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime.datetime = cursor.fetchone()[0]
    return max(before - theirs, theirs - timezone.now(), datetime.timedelta(0))
