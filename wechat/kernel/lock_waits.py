"""How long somebody whom a platform waits for may wait for a lock: what is answered too late comes again.

A statement that has waited for so long raises ``OperationalError``, and its transaction is over.
"""

from django.db import connection

LONGEST = "2s"
# For the condition of a statement that is a transaction of its own: it bounds its waits for rows.
BOUNDED = f"set_config('lock_timeout', '{LONGEST}', true) <> ''"


def bound() -> None:
    """Bounds the waits of the transaction that the caller is in."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {BOUNDED}")
