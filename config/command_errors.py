"""What a command of ``manage.py`` prints, in place of a traceback, when it cannot connect to PostgreSQL."""

import psycopg
from django.db import connection


def unreachable_database() -> str:
    """Returns why PostgreSQL cannot be reached, and the next step; the empty text if it can.

    The pool only knows that it waited, so the question is asked once more without it.
    """
    try:
        psycopg.connect(**connection.get_connection_params()).close()
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        return f"PostgreSQL cannot be reached: {reason}. Check DATABASE_URL, and that the server runs."
    return ""
