"""The prepared statements, which Postgres parses and plans once for each connection.

They are for statements with a constant text that are carried out many thousands of times a day. Django puts
the values into the text, so that Postgres has to parse and plan each statement again.
"""

from typing import Any
from weakref import WeakSet

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

# The statement is prepared when it is carried out for this often on a connection, as psycopg does by itself.
THRESHOLD = 5
BACKEND = "SELECT pg_backend_pid()"

_cursor_class: type[psycopg.Cursor[Any]] = psycopg.Cursor

# Connections of which it is known whether they may prepare.
_known: "WeakSet[psycopg.Connection[Any]]" = WeakSet()


def prepared_cursor() -> CursorWrapper:
    """Returns a cursor of Django's connection that prepares statements which are repeated."""
    connection.ensure_connection()
    session: psycopg.Connection[Any] = connection.connection
    if session not in _known:
        with connection.wrap_database_errors:
            answer = psycopg.Cursor(session).execute(BACKEND).fetchone()
        session.prepare_threshold = THRESHOLD if is_direct(session.info, answer) else None
        _known.add(session)
    # What Django puts around its own: its exceptions, and what counts statements.
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    return wrapped(_cursor_class(session))  # type: ignore[arg-type]  # the stubs know Django's own only


def use(cursor_class: type[psycopg.Cursor[Any]]) -> None:
    """Makes prepared cursors use this cursor class from now on, such as one that makes spans."""
    global _cursor_class
    _cursor_class = cursor_class


def is_direct(info: psycopg.ConnectionInfo, answer: tuple[Any, ...] | None) -> bool:
    """Returns whether the connection leads directly to Postgres, by the answer to ``BACKEND``.

    Only then may statements be prepared. Behind a pooler, each statement may reach another server process,
    which does not know the prepared one or has another one of that name. A pooler is recognised by a process
    id that differs from the one of the connection's start.
    """
    return answer == (info.backend_pid,)
