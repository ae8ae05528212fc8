"""The database of a benchmark, which must be empty, because whole tables are filled, emptied and measured."""

import sys
from pathlib import Path

from django.core.management import call_command
from django.db import connection


def make_tables() -> None:
    """Creates the tables. Raises ``SystemExit`` if there are tables already, because they may be in use."""
    if connection.introspection.table_names():
        name = Path(sys.argv[0]).stem
        raise SystemExit(
            "This database is in use, and a benchmark needs an empty one of its own: "
            f"make bench ARGS={name}, which also starts it."
        )
    call_command("migrate", verbosity=0)
