"""The counts of refused callbacks for the doctor, written at most once in two seconds."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import Error, connection

from accounts.official import callback_addresses, directory
from wechat.kernel import metrics
from wechat.kernel.line_rates import LineRate

log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0
# The reason of those that came from an address that is not WeChat's.
STRANGER = "address"
_lines = LineRate(1)

# What was refused before the newest push that was taken is over.
UPSERT = """
INSERT INTO inbox_refusal AS kept (account_id, reason, count, last_at) VALUES (%s, %s, %s, now())
ON CONFLICT (account_id, reason) DO UPDATE
SET last_at = excluded.last_at, count = excluded.count + CASE WHEN kept.last_at < (
    SELECT received_at FROM inbox_inboundmessage
    WHERE account_id = excluded.account_id ORDER BY id DESC LIMIT 1
) THEN 0 ELSE kept.count END
"""
VERIFIED = """
INSERT INTO inbox_verification (account_id, last_at) VALUES (%s, now())
ON CONFLICT (account_id) DO UPDATE SET last_at = excluded.last_at
"""


class Counts:
    """The counts of refused callbacks not written yet, by account and reason."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, str]] = Counter()
        self._written = float("-inf")
        self._later: threading.Timer | None = None
        self._lock = threading.Lock()
        self.writer = ThreadPoolExecutor(1, thread_name_prefix="refusals")

    def note(self, account_id: int, reason: str) -> None:
        """Counts a refusal; the counts are written at once, or after the pause since the last write."""
        with self._lock:
            self._counts[account_id, reason] += 1
            wait = self._written + PAUSE_SECONDS - time.monotonic()
            if wait <= 0:
                self._submit()
            elif self._later is None:
                self._later = threading.Timer(wait, self.write)
                self._later.daemon = True
                self._later.start()

    def note_verified(self, account_id: int) -> None:
        """Keeps the time of a verification, which the platform makes when the address is saved there."""
        self.writer.submit(_execute, VERIFIED, [(account_id,)])

    def note_stranger(self, slug: str, address: str) -> None:
        """Counts a callback from an address that is not WeChat's, and has the list of addresses read again.

        The log gets the address, but no slug that belongs to no account.
        """
        entry = directory.find(slug)
        name = entry.account.slug if entry else ""
        metrics.REFUSED.labels(name, STRANGER).inc()
        if _lines.allows():
            log.info("callback_refused", extra={"account": name, "reason": STRANGER, "ip": address})
        if entry:
            self.note(entry.account.pk, STRANGER)
        self.writer.submit(callback_addresses.schedule_reading)

    def write(self) -> None:
        """Writes the current counts."""
        with self._lock:
            self._submit()

    def settle(self) -> None:
        """Waits until all counts are written."""
        self.write()
        self.writer.submit(int).result()

    def _submit(self) -> "Future[None] | None":
        if self._later is not None:
            self._later.cancel()
            self._later = None
        counts, self._counts = self._counts, Counter()
        self._written = time.monotonic()
        return self.writer.submit(_write, counts) if counts else None


def _write(counts: Mapping[tuple[int, str], int]) -> None:
    _execute(UPSERT, [(*key, count) for key, count in sorted(counts.items())])


def _execute(statement: str, rows: Sequence[tuple[int | str, ...]]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)
    except Error as error:
        log.warning("refusals_uncounted", extra={"error": str(error)})
    finally:
        connection.close()


counts = Counts()
note, note_stranger = counts.note, counts.note_stranger
note_verified, settle = counts.note_verified, counts.settle
