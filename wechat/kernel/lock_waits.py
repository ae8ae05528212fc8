"""The limit on waiting for locks while a platform waits for the answer: late answers cause repeats.

A statement that waits longer raises ``OperationalError``, and its transaction is aborted.
"""

from django.db import connection

LONGEST = "2s"
# For the condition of a statement that is a transaction of its own: it bounds its waits for rows.
BOUNDED = f"set_config('lock_timeout', '{LONGEST}', true) <> ''"


def bound() -> None:
    """Limits the waits of the current transaction."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {BOUNDED}")
