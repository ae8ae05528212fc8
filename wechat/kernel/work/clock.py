"""Whether a worker's clock agrees with Postgres's: leases are times that one worker writes and another reads.

One whose clock is ahead would take what the others are still at, and call a send uncertain that is under way.
So a worker whose clock is wrong takes nothing: the others go on, and rows wait where there is no other.
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
    """Compares the clocks at most every ten seconds, once ``start`` was called: only workers need to."""

    def __init__(self) -> None:
        self._is_started = False
        self._is_right = True
        self._looked_at = -math.inf

    def start(self) -> None:
        self._is_started = True

    def is_right(self) -> bool:
        """Returns whether leases may be written and read by this process's clock."""
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
    """Returns by how much the clocks differ at least, however long the answer takes."""
    before = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime.datetime = cursor.fetchone()[0]
    return max(before - theirs, theirs - timezone.now(), datetime.timedelta(0))
