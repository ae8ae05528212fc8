"""The recording of callbacks by group commit: concurrent ones share one INSERT and one fsync.

A callback waits in the event loop (``wechat.kernel.group_commit``). It is answered only after ``record``
returned, and ``record`` returns only after the commit.
"""

import json
from collections.abc import Sequence
from typing import Any

from django.db import connection
from psycopg import Error

from wechat.inbox.records import Record, as_json
from wechat.kernel import metrics
from wechat.kernel.batches import NotDone
from wechat.kernel.group_commit import Session, group_commit

Answers = dict[tuple[int, str], dict[str, Any] | None]

BATCH_LIMIT = 256
# Longer than any healthy commit; together with the answering budget less than the platform's five seconds.
PATIENCE_SECONDS = 1.2
# A callback that would wait longer than this is refused at once, and WeChat repeats it.
LONGEST_WAIT_SECONDS = 0.6

COLUMNS = {
    "account_id": "bigint",
    "key": "text",
    "month": "date",
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
# One JSON parameter takes less than half of the time in Python that one array for each column takes.
INSERT = (
    f"INSERT INTO inbox_inboundmessage ({', '.join(COLUMNS)}, due_at, attempts, error) "  # noqa: S608 - names of columns
    f"SELECT {', '.join(COLUMNS)}, received_at, 0, '' "
    f"FROM json_to_recordset(%s) AS record({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())}) "
    "ON CONFLICT (account_id, key, month) DO NOTHING"
)
STORED = (
    "SELECT account_id, key, coalesce(answer, 'null')::text FROM inbox_inboundmessage "
    "WHERE (account_id, key, month) IN (SELECT * FROM unnest(%s::bigint[], %s::text[], %s::date[]))"
)


class Unrecorded(Exception):
    """The error for a record that Postgres did not take, as far as is known."""


def insert(records: Sequence[Record]) -> Answers:
    """Commits the records in one statement; returns the stored answers of those that were repeats."""
    ordered = _ordered(records)
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [as_json(ordered)])
        if cursor.rowcount == len(ordered):
            return {}
        cursor.execute(STORED, _keys(ordered))
        return _answers(cursor.fetchall())


async def _insert(session: Session, records: Sequence[Record]) -> Answers:
    """Does what ``insert`` does, in an event loop."""
    ordered = _ordered(records)
    cursor = await session.execute(INSERT, [as_json(ordered)], prepare=True)
    if cursor.rowcount == len(ordered):
        return {}
    cursor = await session.execute(STORED, _keys(ordered))
    return _answers(await cursor.fetchall())


def _ordered(records: Sequence[Record]) -> list[Record]:
    """Returns the records by key: two processes that insert the same repeats must not deadlock."""
    return sorted(records, key=lambda record: (record.account_id, record.key))


def _keys(records: Sequence[Record]) -> list[Any]:
    """Returns the columns by which the rows of these records are found.

    A record that was not inserted had been before, or is in the batch twice: either way its row has the
    answer.
    """
    return [
        [record.account_id for record in records],
        [record.key for record in records],
        [record.month for record in records],
    ]


def _answers(rows: Sequence[tuple[int, str, str]]) -> Answers:
    return {(account_id, key): json.loads(answer) for account_id, key, answer in rows}


async def _write(session: Session, records: Sequence[Record]) -> Sequence[dict[str, Any] | None]:
    metrics.BATCH_ROWS.observe(len(records))
    stored = await _insert(session, records)
    return [stored.get((record.account_id, record.key), record.answer) for record in records]


_commits = group_commit("callbacks", _write, most=BATCH_LIMIT, longest_wait=LONGEST_WAIT_SECONDS)


def is_full() -> bool:
    """Returns whether a callback that arrives now would wait too long behind those that are there."""
    return _commits.is_full(PATIENCE_SECONDS)


async def record(record: Record) -> None:
    """Waits until the record is committed; a repeat's ``answer`` becomes the stored one.

    Raises ``Unrecorded`` when Postgres fails or does not answer in time; at once, while it owes the writer an
    answer for longer than that.
    """
    try:
        record.answer = await _commits.add(record, PATIENCE_SECONDS)
    except (NotDone, Error) as error:
        raise Unrecorded from error
