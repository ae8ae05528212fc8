"""The detection of a Postgres server that refuses writes, such as a standby before its promotion.

To code that has to write, such a server is away; the next connection may lead to another server.
"""

READ_ONLY_TRANSACTION = "25006"


def is_read_only(error: BaseException) -> bool:
    """Returns whether an error of psycopg or Django says that the server refuses writes."""
    return sqlstate(error) == READ_ONLY_TRANSACTION


def sqlstate(error: BaseException) -> str:
    """Returns the SQLSTATE of an error; the empty text if it did not come from Postgres."""
    return getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None) or ""
