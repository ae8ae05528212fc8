"""Statements that Postgres reads and plans a few times for each connection, and not every time.

For those that are the same text every time, and are carried out many thousands of times a day: what Django
sends has its values in its text, so that Postgres has to begin from it anew.
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
    """Returns a cursor of Django's connection whose statements are prepared when they come again."""
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
    """Has statements carried out by cursors of this class from now on, as one that makes spans of them."""
    global _cursor_class
    _cursor_class = cursor_class


def is_direct(info: psycopg.ConnectionInfo, answer: tuple[Any, ...] | None) -> bool:
    """Returns whether no pooler is in between, by the answer to ``BACKEND``: then statements may be prepared.

    Behind a pooler each may be carried out by another server process, which has not heard of it, or which
    knows another one by its name. The process that answers is not the one of the connection's greeting.
    """
    return answer == (info.backend_pid,)
