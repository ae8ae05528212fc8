"""The database of a benchmark: an empty one of its own, as whole tables are filled, emptied and measured."""

import sys
from pathlib import Path

from django.core.management import call_command
from django.db import connection


def make_tables() -> None:
    """Makes the tables. Raises ``SystemExit`` where there are some: they are somebody's."""
    if connection.introspection.table_names():
        name = Path(sys.argv[0]).stem
        raise SystemExit(
            "This database is in use, and a benchmark needs an empty one of its own: "
            f"make bench ARGS={name}, which also starts it."
        )
    call_command("migrate", verbosity=0)
