"""Group commit: concurrent callbacks of a process share one INSERT and one fsync.

A callback hands its record over and waits in the event loop; one writer thread takes all that wait and commits
them together. While it commits, the next ones gather: the busier the process, the larger the batches. A callback
is answered only after ``record`` returned, and ``record`` returns only after the commit.
"""

import asyncio
import json
import logging
import os
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import Error, OperationalError, connection

from wechat.inbox.records import Record
from wechat.kernel import metrics

log = logging.getLogger(__name__)

BATCH_LIMIT = 256
# Longer than any healthy commit, and with the answering budget still inside the platform's five seconds.
PATIENCE_SECONDS = 1.2
IDLE_SECONDS = 0.2

COLUMNS = {
    "account_id": "bigint",
    "key": "text",
    "openid": "text",
    "kind": "text",
    "event": "text",
    "text": "text",
    "body": "text",
    "sent_at": "timestamptz",
    "received_at": "timestamptz",
    "answer": "jsonb",
    "later": "jsonb",
    "answered_by": "text",
    "late": "boolean",
}
# One JSON parameter instead of an array a column: less than half of the time in Python.
INSERT = (
    f"INSERT INTO inbox_inboundmessage ({', '.join(COLUMNS)}, due_at, attempts, error) "  # noqa: S608
    f"SELECT {', '.join(COLUMNS)}, received_at, 0, '' "
    f"FROM json_to_recordset(%s) AS record({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())}) "
    "ON CONFLICT (account_id, key) DO NOTHING"
)
STORED = (
    "SELECT account_id, key, coalesce(answer, 'null')::text FROM inbox_inboundmessage "
    "WHERE (account_id, key) IN (SELECT * FROM unnest(%s::bigint[], %s::text[]))"
)


class Unrecorded(Exception):
    """Postgres did not take the record; its outcome may be unknown."""


def insert(records: Sequence[Record]) -> dict[tuple[int, str], dict[str, Any] | None]:
    """Commit the records in one statement; the answers stored earlier of those that were repeats."""
    # In the order of the key: two processes that insert the same repeats must not deadlock.
    ordered = sorted(records, key=lambda record: (record.account_id, record.key))
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [f"[{','.join(record.to_json() for record in ordered)}]"])
        if cursor.rowcount == len(ordered):
            return {}
        # What was not inserted had been before, or is in this batch twice: either way the row speaks.
        cursor.execute(STORED, [[r.account_id for r in ordered], [r.key for r in ordered]])
        return {(account_id, key): json.loads(answer) for account_id, key, answer in cursor.fetchall()}


@dataclass(slots=True, eq=False)
class _Waiting:
    """A record, and the callback in its event loop that waits for the commit."""

    record: Record
    loop: asyncio.AbstractEventLoop
    committed: "asyncio.Future[bool]"


class Recorder:
    """The writer of one process."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._writing_since: float | None = None
        self._pid = 0

    async def record(self, record: Record) -> None:
        """Return once the record is committed; a repeat's ``answer`` becomes the stored one.

        Raises ``Unrecorded`` when Postgres fails or does not answer in time; at once, while it owes the
        writer an answer for longer than that.
        """
        if self._pid != os.getpid():
            self._start()
        if self._is_stuck():
            raise Unrecorded
        loop = asyncio.get_running_loop()
        waiting = _Waiting(record, loop, loop.create_future())
        self._waiting.put(waiting)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                committed = await waiting.committed
        except TimeoutError:
            raise Unrecorded from None
        if not committed:
            raise Unrecorded

    def _start(self) -> None:
        with self._starting:
            if self._pid != os.getpid():
                self._waiting = queue.SimpleQueue()
                threading.Thread(target=self._write_on, name="recorder", daemon=True).start()
                self._pid = os.getpid()

    def _is_stuck(self) -> bool:
        since = self._writing_since
        return since is not None and time.monotonic() - since > PATIENCE_SECONDS

    def _write_on(self) -> None:
        while True:
            batch = self._gathered()
            self._writing_since = time.monotonic()
            self._write(batch)
            self._writing_since = None

    def _gathered(self) -> list[_Waiting]:
        """What waits by now; between two batches far apart the connection goes back to the pool."""
        try:
            batch = [self._waiting.get(timeout=IDLE_SECONDS)]
        except queue.Empty:
            connection.close()
            batch = [self._waiting.get()]
        while len(batch) < BATCH_LIMIT and not self._waiting.empty():
            batch.append(self._waiting.get())
        return batch

    def _write(self, batch: list[_Waiting]) -> None:
        metrics.BATCH_ROWS.observe(len(batch))
        try:
            stored = insert([waiting.record for waiting in batch])
        except OperationalError as error:
            _give_up(batch, error)
        except Error as error:
            # One bad row (its account deleted a moment ago, say) must not take the others down with it.
            if len(batch) == 1:
                _give_up(batch, error)
            else:
                for waiting in batch:
                    self._write([waiting])
        else:
            for waiting in batch:
                record = waiting.record
                record.answer = stored.get((record.account_id, record.key), record.answer)
            _finish(batch, committed=True)


def _give_up(batch: list[_Waiting], error: Error) -> None:
    log.error("callbacks_unrecorded", exc_info=error, extra={"rows": len(batch)})
    connection.close()
    _finish(batch, committed=False)


def _finish(batch: list[_Waiting], *, committed: bool) -> None:
    """Wake the loop once for the whole batch; in production there is one loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Waiting]] = {}
    for waiting in batch:
        by_loop.setdefault(waiting.loop, []).append(waiting)
    for loop, several in by_loop.items():
        # A loop that has ended waits for nothing any more.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(_wake, several, committed)


def _wake(several: list[_Waiting], committed: bool) -> None:  # noqa: FBT001 - called by the loop
    for waiting in several:
        if not waiting.committed.done():
            waiting.committed.set_result(committed)


_recorder = Recorder()
record = _recorder.record
