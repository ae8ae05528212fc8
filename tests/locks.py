"""Waits for locks, for tests in which two requests meet at one row."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, transaction

Result = TypeVar("Result")


def somebody_waits(number: int = 1) -> bool:
    """Returns whether so many other sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        # In a transaction Postgres would list the sessions that it has listed before.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.rowcount) >= number


def met_by(first: Callable[[], object], *others: Callable[[], Result]) -> list[Result]:
    """Returns the results of the others, each of which has to wait for what the first one has locked.

    They begin one after the other, each once the one before waits; then the first one is committed.
    """
    with ThreadPoolExecutor(len(others)) as threads:
        with transaction.atomic():
            first()
            waiting: list[Future[Result]] = []
            for other in others:
                waiting.append(threads.submit(_alone, other))
                while not (somebody_waits(len(waiting)) or waiting[-1].done()):
                    pass
        return [each.result() for each in waiting]


def _alone(act: Callable[[], Result]) -> Result:
    """Acts on a connection of its own, which is closed afterwards."""
    try:
        return act()
    finally:
        connection.close()
