"""Counts refused callbacks for the doctor: one write in ten seconds, however many strangers knock."""

import logging
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from django.db import Error, connection

log = logging.getLogger(__name__)

PAUSE_SECONDS = 10

UPSERT = """
INSERT INTO inbox_refusal (account_id, reason, count, last_at) VALUES (%s, %s, %s, now())
ON CONFLICT (account_id, reason) DO UPDATE
SET count = inbox_refusal.count + excluded.count, last_at = excluded.last_at
"""


class Counts:
    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str]] = Counter()
        self._written = float("-inf")
        self._lock = threading.Lock()
        self.writer = ThreadPoolExecutor(1, thread_name_prefix="refusals")

    def note(self, account_id: int, reason: str) -> None:
        with self._lock:
            self._counts[account_id, reason] += 1
            if time.monotonic() - self._written < PAUSE_SECONDS:
                return
            self._written = time.monotonic()
            counts, self._counts = self._counts, Counter()
        self.writer.submit(_write, counts)


def _write(counts: Counter[tuple[int, str]]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.executemany(UPSERT, [(*key, count) for key, count in sorted(counts.items())])
    except Error as error:
        log.warning("refusals_uncounted", extra={"error": str(error)})
    finally:
        connection.close()


note = Counts().note
