"""A Postgres that takes no rows: a standby that is not promoted yet, a server told to write nothing.

It is as good as away for who has to write, although it answers; the next connection may lead elsewhere.
"""

READ_ONLY_TRANSACTION = "25006"


def is_read_only(error: BaseException) -> bool:
    """Returns whether that is why Postgres refused, for an error of psycopg or of Django."""
    return sqlstate(error) == READ_ONLY_TRANSACTION


def sqlstate(error: BaseException) -> str:
    """Returns Postgres's code for the error; the empty text where Postgres said nothing."""
    return getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None) or ""
