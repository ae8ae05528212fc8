"""Group commit: concurrent callbacks of a process share one INSERT and one fsync.

A callback hands its record over and waits in the event loop; one task there takes all that wait and commits
them together. While it commits, the next ones gather: the busier the process, the larger the batches. A
callback is answered only after ``record`` returned, and ``record`` returns only after the commit.
"""

import asyncio
import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection
from psycopg import AsyncConnection, Error, OperationalError

from wechat.inbox.records import ENCODER, Record
from wechat.kernel import metrics

log = logging.getLogger(__name__)

Answers = dict[tuple[int, str], dict[str, Any] | None]

BATCH_LIMIT = 256
# Longer than any healthy commit, and with the answering budget still inside the platform's five seconds.
PATIENCE_SECONDS = 1.2

DJANGOS_OWN = {"context", "cursor_factory", "prepare_threshold"}

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
    "raw_bytes": "bytea",
    "trace": "text",
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


def insert(records: Sequence[Record]) -> Answers:
    """Commit the records in one statement; the answers stored earlier of those that were repeats."""
    ordered = _ordered(records)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [_json(ordered)])
        if cursor.rowcount == len(ordered):
            return {}
        cursor.execute(STORED, _keys(ordered))
        return _answers(cursor.fetchall())


async def _insert(session: "AsyncConnection[Any]", records: Sequence[Record]) -> Answers:
    """``insert``, in an event loop."""
    ordered = _ordered(records)
    cursor = await session.execute(INSERT, [_json(ordered)], prepare=True)
    if cursor.rowcount == len(ordered):
        return {}
    cursor = await session.execute(STORED, _keys(ordered))
    return _answers(await cursor.fetchall())


async def connect() -> "AsyncConnection[Any]":
    """A connection for an event loop: Django's way to the database, without what only its own need."""
    known = connection.get_connection_params()
    ours = {name: value for name, value in known.items() if name not in DJANGOS_OWN}
    return await AsyncConnection.connect(**ours, autocommit=True)


def _ordered(records: Sequence[Record]) -> list[Record]:
    """By key: two processes that insert the same repeats must not deadlock."""
    return sorted(records, key=lambda record: (record.account_id, record.key))


def _json(records: Sequence[Record]) -> str:
    return ENCODER.encode([record.to_dict() for record in records])


def _keys(records: Sequence[Record]) -> list[Any]:
    """What was not inserted had been before, or is in the batch twice: either way the row speaks."""
    return [[record.account_id for record in records], [record.key for record in records]]


def _answers(rows: Sequence[tuple[int, str, str]]) -> Answers:
    return {(account_id, key): json.loads(answer) for account_id, key, answer in rows}


@dataclass(slots=True, eq=False)
class _Waiting:
    record: Record
    committed: "asyncio.Future[bool]"

    def finish(self, *, committed: bool) -> None:
        if not self.committed.done():
            self.committed.set_result(committed)


class Recorder:
    """The writer of one event loop, on a connection of its own: no page can take it away."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Waiting] = []
        self._arrived = asyncio.Event()
        self._writing_since: float | None = None
        self._session: AsyncConnection[Any] | None = None
        self._writer = self._loop.create_task(self._write_on())

    async def record(self, record: Record) -> None:
        """Return once the record is committed; a repeat's ``answer`` becomes the stored one.

        Raises ``Unrecorded`` when Postgres fails or does not answer in time; at once, while it owes the
        writer an answer for longer than that.
        """
        if self._is_stuck():
            raise Unrecorded
        waiting = _Waiting(record, self._loop.create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        patience = self._loop.call_later(PATIENCE_SECONDS, partial(waiting.finish, committed=False))
        try:
            if not await waiting.committed:
                raise Unrecorded
        finally:
            patience.cancel()

    def _is_stuck(self) -> bool:
        since = self._writing_since
        return since is not None and time.monotonic() - since > PATIENCE_SECONDS

    async def _write_on(self) -> None:
        try:
            while True:
                await self._arrived.wait()
                batch, self._waiting = self._waiting[:BATCH_LIMIT], self._waiting[BATCH_LIMIT:]
                if not self._waiting:
                    self._arrived.clear()
                self._writing_since = time.monotonic()
                await self._write(batch)
                self._writing_since = None
        finally:
            _recorders.pop(self._loop, None)
            await self._disconnect()

    async def _write(self, batch: list[_Waiting]) -> None:
        metrics.BATCH_ROWS.observe(len(batch))
        try:
            stored = await _insert(await self._connected(), [waiting.record for waiting in batch])
        except OperationalError as error:
            await self._give_up(batch, error)
        except Error as error:
            # One bad row (its account deleted a moment ago, say) must not take the others down with it.
            if len(batch) == 1:
                await self._give_up(batch, error)
            else:
                for waiting in batch:
                    await self._write([waiting])
        else:
            for waiting in batch:
                record = waiting.record
                record.answer = stored.get((record.account_id, record.key), record.answer)
                waiting.finish(committed=True)

    async def _connected(self) -> "AsyncConnection[Any]":
        if self._session is None:
            self._session = await connect()
        return self._session

    async def _disconnect(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _give_up(self, batch: list[_Waiting], error: Error) -> None:
        log.error("callbacks_unrecorded", exc_info=error, extra={"rows": len(batch)})
        await self._disconnect()
        for waiting in batch:
            waiting.finish(committed=False)


_recorders: dict[asyncio.AbstractEventLoop, Recorder] = {}


async def record(record: Record) -> None:
    """``Recorder.record`` of the running loop; in production there is one."""
    loop = asyncio.get_running_loop()
    if loop not in _recorders:
        _recorders[loop] = Recorder()
    await _recorders[loop].record(record)
