"""The check that SQL keeps to the tables of its own app: ``python -m config.tables``.

Only the app itself writes to its tables; apps above it may read them. The order of apps is the contract of
import-linter in ``pyproject.toml``. Tables of Django and SQL in migrations are not checked.
"""

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import django
from django.apps import apps

from config.embedded import PROJECT

WRITES = re.compile(
    r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY|TRUNCATE)\s+(?:ONLY\s+)?\"?([a-z]+_[a-z_]+)"
)
NAMES = re.compile(r"\b([a-z]+_[a-z_]+)\b")
STATEMENT = re.compile(r"\b(?:SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY|JOIN|FROM)\s")


@dataclass(frozen=True, slots=True)
class OwnedTable:
    """A table and the app whose model it is, such as ``payments.orders``."""

    name: str
    app: str


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    problems = list(violations(PROJECT, own_tables(), levels(PROJECT)))
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def own_tables() -> dict[str, OwnedTable]:
    """Returns the tables of the project's own models by name, many-to-many tables included."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        config = apps.get_app_config(model._meta.app_label)
        if Path(config.path).is_relative_to(PROJECT) and ".venv" not in Path(config.path).parts:
            found[model._meta.db_table] = OwnedTable(model._meta.db_table, config.name)
    return found


def levels(project: Path) -> dict[str, int]:
    """Returns the level of each app by its name; apps of one level do not import each other."""
    settings = tomllib.loads((project / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]
    rows = [[app.strip() for app in row.split("|")] for row in contract["layers"]]
    return {app: level for level, row in enumerate(reversed(rows)) for app in row}


def violations(project: Path, tables: Mapping[str, OwnedTable], levels: Mapping[str, int]) -> Iterator[str]:
    """Yields a sentence for each statement that uses a table it must not use."""
    for app in levels:
        for path in sorted((project / app.replace(".", "/")).rglob("*.py")):
            relative = path.relative_to(project)
            if "migrations" not in path.parts and _app_of(relative, levels) == app:
                for line, sql in statements(path.read_text()):
                    yield from (f"{relative}:{line}: {fault}" for fault in _faults(app, sql, tables, levels))


def _faults(app: str, sql: str, tables: Mapping[str, OwnedTable], levels: Mapping[str, int]) -> Iterator[str]:
    written = set(WRITES.findall(sql)) & tables.keys()
    read = set(NAMES.findall(sql)) & tables.keys() - written
    for table in (tables[name] for name in sorted(written)):
        if table.app != app:
            yield f"writes {table.name}, a table of {table.app}"
    for table in (tables[name] for name in sorted(read)):
        if table.app != app and levels[table.app] >= levels[app]:
            yield f"reads {table.name}, a table of {table.app}, which is not below"


def statements(source: str) -> Iterator[tuple[int, str]]:
    """Yields the string literals of a module that contain SQL, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and STATEMENT.search(node.value):
            yield node.lineno, node.value


def _app_of(path: Path, levels: Mapping[str, int]) -> str:
    dotted = ".".join(path.with_suffix("").parts)
    return max((app for app in levels if f"{dotted}.".startswith(f"{app}.")), key=len, default="")


if __name__ == "__main__":
    sys.exit(main())
