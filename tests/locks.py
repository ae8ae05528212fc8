"""Waits for locks, for tests in which two requests meet at one row."""

from django.db import connection


def somebody_waits() -> bool:
    """Returns whether another session of this database waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.rowcount)
