"""The detection of errors that an outage of Postgres or Redis caused, and not the statement or the data.

A Postgres server that refuses writes, such as a standby before its promotion, is away for code that has to
write: the next connection may lead to another server.
"""

import psycopg
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

POSTGRES, REDIS = "PostgreSQL", "Redis"

READ_ONLY_TRANSACTION = "25006"
# Of Postgres's error codes: a connection that broke, no disk, memory or connection left, and a server that
# goes or comes. Other codes, such as those of a deadlock or a statement that took too long, are no outage.
OUTAGE_CODES = ("08", "53", "57P")


def outage_of(error: BaseException) -> str:
    """Returns the name of the service whose outage caused the error, or the empty text."""
    if is_read_only(error) or _is_nonsense(error):
        return POSTGRES
    if isinstance(error, OperationalError | InterfaceError):
        code = _sqlstate(error)
        return POSTGRES if not code or code.startswith(OUTAGE_CODES) else ""
    is_redis = isinstance(error, RedisConnectionError | RedisTimeoutError | ConnectionInterrupted)
    return REDIS if is_redis else ""


def is_read_only(error: BaseException) -> bool:
    """Returns whether an error of psycopg or Django says that the server refuses writes."""
    return _sqlstate(error) == READ_ONLY_TRANSACTION


def _is_nonsense(error: BaseException) -> bool:
    """Returns whether the bytes on the connection were no valid protocol of Postgres."""
    is_of_the_wire = type(error) in (DatabaseError, InternalError)
    return is_of_the_wire and isinstance(error.__cause__, psycopg.Error) and not _sqlstate(error)


def _sqlstate(error: BaseException) -> str:
    """Returns the SQLSTATE of an error; the empty text if it did not come from Postgres."""
    return getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None) or ""
