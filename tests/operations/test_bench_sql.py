"""The SQL that benchmarks fill and compare with names tables and columns that exist."""

import itertools
import re
from pathlib import Path

import pytest
from django.db import connection

from config.embedded import PROJECT
from config.tables import statements

# One whose table is filled in is none yet.
COMPLETE = re.compile(r"\s*(?:INSERT|UPDATE|DELETE(?!\s+FROM\s*$)|WITH|SELECT)\s")
PARAMETER = re.compile(r"%(?:\(\w+\))?s")


def prepared(sql: str) -> str:
    """Returns psycopg's statement as PREPARE takes it: numbered parameters, one percent sign for two."""
    numbers = itertools.count(1)
    return PARAMETER.sub(lambda _found: f"${next(numbers)}", sql).replace("%%", "%")


CASES = [
    (path.name, line, sql)
    for path in sorted(Path(PROJECT, "bench").rglob("*.py"))
    for line, sql in statements(path.read_text())
    if COMPLETE.match(sql)
]


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "line", "sql"), CASES, ids=[f"{name}:{line}" for name, line, _ in CASES])
def test_a_statement_of_a_benchmark_is_one_that_postgres_understands(name: str, line: int, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL search_path = public")
        cursor.execute(f"PREPARE of_a_benchmark AS {prepared(sql)}".replace("%", "%%"), [])
        cursor.execute("DEALLOCATE of_a_benchmark")
