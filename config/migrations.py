"""The check that migrations can be applied while the previous version runs: ``python -m config.migrations``.

A migration may hold no lock that callbacks would wait for while a big table is read or written anew, and may
take nothing away that the version before still uses. A first migration, and what it makes itself, is empty.
One that is safe all the same says why, as ``safe_because = "…"`` of its class.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import django
from django.contrib.postgres import operations as postgres
from django.db import models
from django.db.migrations import Migration
from django.db.migrations import operations as ordinary
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation

from wechat.kernel.partitions import AddIndexByPartition

OURS = ("accounts.", "menus", "payments.", "wechat.")
# What the version before still reads and writes.
TAKES_AWAY = (
    ordinary.RenameField,
    ordinary.RenameModel,
    ordinary.RemoveField,
    ordinary.DeleteModel,
    ordinary.AlterModelTable,
)
NEVER = (
    (TAKES_AWAY, "the version before still uses it; take it away with the version after the next"),
    (ordinary.AlterField, "the table may be locked while it is read or written anew; say why not"),
    (ordinary.AddIndex, "writes wait while it is built; use AddIndexConcurrently"),
)
# Of these tables Postgres neither builds nor drops an index concurrently.
PARTITIONED = frozenset({("inbox", "inboundmessage")})
OF_INDEXES = (ordinary.AddIndex, ordinary.RemoveIndex)
IN_NO_TRANSACTION = (postgres.AddIndexConcurrently, postgres.RemoveIndexConcurrently, AddIndexByPartition)


@dataclass
class Tables:
    """The tables that a migration makes itself: they are empty, and nobody waits for them."""

    made: set[str] = field(default_factory=set)

    def are_empty(self, model: str) -> bool:
        return model.lower() in self.made


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    found = list(unsafe(_ours()))
    for problem in found:
        sys.stderr.write(f"{problem}\n")
    return 1 if found else 0


def _ours() -> Iterator[Migration]:
    from django.apps import apps

    names = {each.label for each in apps.get_app_configs() if each.name.startswith(OURS)}
    for (app, _name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if app in names:
            yield migration


def unsafe(migrations: Iterator[Migration] | Sequence[Migration]) -> Iterator[str]:
    """Yields a sentence for each operation that a running installation would notice."""
    for migration in migrations:
        if migration.initial or hasattr(migration, "safe_because"):
            continue
        tables = Tables()
        for operation in migration.operations:
            if problem := _problem(operation, tables, migration):
                yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {problem}"


def _problem(operation: Operation, tables: Tables, migration: Migration) -> str:
    """Returns what is wrong with an operation; nothing if it is safe."""
    atomic = migration.atomic
    if isinstance(operation, ordinary.CreateModel):
        tables.made.add(operation.name_lower)
        return ""
    model = getattr(operation, "model_name", None) or getattr(operation, "name", "")
    if tables.are_empty(str(model)) or isinstance(operation, postgres.AddConstraintNotValid):
        return ""
    if isinstance(operation, OF_INDEXES) and _is_of_partitions(operation, migration.app_label):
        return "the table is partitioned; add with AddIndexByPartition, remove when nobody waits and say so"
    if isinstance(operation, IN_NO_TRANSACTION):
        return "set atomic = False" if atomic else ""
    if isinstance(operation, ordinary.AddConstraint):
        return _of_constraint(operation)
    if isinstance(operation, ordinary.AddField):
        return _of_field(operation.field)
    if isinstance(operation, ordinary.RunPython | ordinary.RunSQL):
        return "its locks last until all of it is done; set atomic = False and go by slices" if atomic else ""
    return next((why for kinds, why in NEVER if isinstance(operation, kinds)), "")


def _is_of_partitions(operation: ordinary.AddIndex | ordinary.RemoveIndex, app: str) -> bool:
    is_partitioned = (app, operation.model_name_lower) in PARTITIONED
    return is_partitioned and not isinstance(operation, AddIndexByPartition)


def _of_constraint(operation: ordinary.AddConstraint) -> str:
    if isinstance(operation.constraint, models.CheckConstraint):
        return "everything waits while all rows are checked; use AddConstraintNotValid and ValidateConstraint"
    return "writes wait while its index is built; make a unique index concurrently"


def _of_field(added: "models.Field[Any, Any]") -> str:
    if isinstance(added, models.ManyToManyField):
        return ""
    if not added.null and not added.has_db_default():
        return "the version before inserts rows without it; give it a db_default or null"
    if getattr(added, "db_index", False) or added.unique:
        return "writes wait while its index is built; add that concurrently"
    return ""


if __name__ == "__main__":
    sys.exit(main())
