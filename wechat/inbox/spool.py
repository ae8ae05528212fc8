"""The spool: a Redis stream that takes callbacks while Postgres is away, and its replay.

Redis keeps the stream in its append-only file. A record is removed only after its row is committed. A record
that is replayed twice, or had reached Postgres after all, does no harm because of the row's unique key.
"""

import datetime
import itertools
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import cast

from django.db import Error, InterfaceError, OperationalError
from django.utils.translation import gettext_lazy
from django_redis import get_redis_connection
from redis import Redis
from redis.exceptions import RedisError

from wechat.inbox.recording import insert
from wechat.inbox.records import Record
from wechat.kernel import work
from wechat.kernel.outage_errors import is_read_only

log = logging.getLogger(__name__)

STREAM = "wc:spool"
REFUSED = "wc:spool:refused"
ANSWER_LIFE = datetime.timedelta(hours=1)
REPLAY_BATCH = 500
REFUSED_SHOWN = 200

# Of several workers that come upon an entry, one takes it out and keeps it.
MOVE = """
if redis.call('XDEL', KEYS[1], ARGV[1]) == 1 then
    redis.call('XADD', KEYS[2], '*', unpack(ARGV, 2))
end
"""

Entry = tuple[bytes, dict[bytes, bytes]]


class SpoolAway(Exception):
    """The error for a spool that cannot be used because Redis is away as well."""


def append(record: Record) -> None:
    """Appends the record; a repeat gets the ``answer`` of the first one. Raises ``SpoolAway``."""
    answer_key = f"wc:spool:answer:{record.account_id}:{record.key}"
    try:
        with _redis().pipeline(transaction=True) as pipe:
            pipe.set(answer_key, json.dumps(record.answer), nx=True, ex=ANSWER_LIFE)
            pipe.get(answer_key)
            pipe.xadd(STREAM, {"record": record.to_json()})
            first_answer: bytes = pipe.execute()[1]
    except RedisError as error:
        raise SpoolAway from error
    record.answer = json.loads(first_answer)


def is_waiting() -> bool:
    try:
        return bool(_redis().xlen(STREAM))
    except RedisError:
        return False


def lengths() -> tuple[int, int]:
    """Returns the numbers of waiting and refused records. Raises ``RedisError``."""
    return _redis().xlen(STREAM), _redis().xlen(REFUSED)


REPLAYS = work.TurnKind(
    "inbox.replay_spool",
    is_waiting,
    label=gettext_lazy("Storing callbacks that waited for the database"),
    queue=work.INTERACTIVE,
)


@REPLAYS.does
def replay(turn: work.Turn) -> int:
    """Moves waiting records into Postgres; returns how many left the stream."""
    moved = 0
    while not turn.is_over and (entries := cast(list[Entry], _redis().xrange(STREAM, count=REPLAY_BATCH))):
        try:
            _store(dict(_readable(entries)))
        except Error as error:
            log.warning("replay_postponed", extra={"error": str(error)})
            break
        _redis().xdel(STREAM, *(entry_id for entry_id, _fields in entries))
        moved += len(entries)
    return moved


def _readable(entries: Sequence[Entry]) -> Iterator[tuple[bytes, Record]]:
    """Yields the readable records; sets unreadable entries aside, so that they do not block the others."""
    for entry_id, fields in entries:
        text = fields.get(b"record", b"")
        try:
            yield entry_id, Record.from_json(text)
        except ValueError as error:
            _set_aside(entry_id, text, error)


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that Postgres refused, and the reason."""

    entry_id: bytes
    record: Record
    error: str


def refused(account_id: int) -> list[RefusedRecord]:
    """Returns up to ``REFUSED_SHOWN`` refused records of this account, newest first; none without Redis."""
    theirs = (each for each in _all_refused() if each.record.account_id == account_id)
    try:
        return list(itertools.islice(theirs, REFUSED_SHOWN))
    except RedisError:
        return []


def _all_refused() -> Iterator[RefusedRecord]:
    """Yields the refused records of all accounts, newest first, a batch at a time. Raises ``RedisError``."""
    newest = "+"
    while entries := cast(list[Entry], _redis().xrevrange(REFUSED, max=newest, count=REPLAY_BATCH)):
        for entry_id, fields in entries:
            # What nobody can read belongs to no account.
            with suppress(ValueError):
                record = Record.from_json(fields[b"record"])
                yield RefusedRecord(entry_id, record, fields[b"error"].decode())
        newest = f"({entries[-1][0].decode()}"


def try_again(account_id: int) -> int:
    """Moves the records that ``refused`` returns back into the spool; returns how many."""
    back = refused(account_id)
    for each in back:
        _redis().eval(MOVE, 2, REFUSED, STREAM, each.entry_id, "record", each.record.to_json())
    return len(back)


def _store(records: Mapping[bytes, Record]) -> None:
    """Inserts the records; sets those aside that Postgres refuses. Raises ``Error`` while it is away."""
    try:
        insert(list(records.values()))
    except Error as error:
        if _is_away(error):
            raise
        for entry_id, record in records.items():
            _store_alone(entry_id, record)


def _store_alone(entry_id: bytes, record: Record) -> None:
    try:
        insert([record])
    except Error as error:
        if _is_away(error):
            raise
        _set_aside(entry_id, record.to_json(), error)


def _is_away(error: Error) -> bool:
    """Returns whether the record may pass later; that is so after a deadlock or a timeout as well."""
    return isinstance(error, OperationalError | InterfaceError) or is_read_only(error)


def _set_aside(entry_id: bytes, text: bytes | str, error: Exception) -> None:
    """Moves an entry to the refused records, where staff see it."""
    log.error("replay_refused", extra={"entry": entry_id.decode(), "error": str(error)})
    _redis().eval(MOVE, 2, STREAM, REFUSED, entry_id, "record", text, "error", str(error))


def _redis() -> Redis:
    return cast(Redis, get_redis_connection("default"))
