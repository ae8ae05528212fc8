"""The migrations of a simulated next version, on the largest and busiest tables.

They follow the rules of ``config.migrations``, so that they do not affect the running version.
"""

from collections.abc import Sequence

from django.apps import apps
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    ValidateConstraint,
)
from django.db import connection, models
from django.db.migrations import AddField
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from config.migrations import PARTITIONED
from wechat.kernel.partitions import AddIndexByPartition

TABLES = (("inbox", "inboundmessage"), ("pushes", "push"), ("orders", "order"), ("followers", "follower"))
LOCK_TIMEOUT = "2s"


def migrate() -> None:
    """Adds a column with a default, an index and a constraint to each table."""
    _set_lock_timeout(LOCK_TIMEOUT)
    for app, model in TABLES:
        carry_out(app, operations(app, model))
    _set_lock_timeout("0")


def migrate_back() -> None:
    """Drops these columns, which nothing reads, with their indexes and constraints."""
    with connection.cursor() as cursor:
        for app, model in TABLES:
            table = connection.ops.quote_name(apps.get_model(app, model)._meta.db_table)
            cursor.execute(f"ALTER TABLE {table} DROP COLUMN drilled")


def operations(app: str, model: str) -> Sequence[Operation]:
    """Returns the operations of a migration that adds them to the table of a model."""
    named = f"drilled_{model}"
    condition = models.Q(drilled__gte=0)
    add_index = AddIndexByPartition if (app, model) in PARTITIONED else AddIndexConcurrently
    return (
        AddField(model, "drilled", models.IntegerField(db_default=0)),
        add_index(model, models.Index(fields=["drilled"], name=f"{named}_index")),
        AddConstraintNotValid(model, models.CheckConstraint(condition=condition, name=f"{named}_check")),
        ValidateConstraint(model, f"{named}_check"),
    )


def carry_out(app: str, operations: Sequence[Operation]) -> None:
    """Applies migration operations of an app to the database."""
    state = ProjectState.from_apps(apps)
    for operation in operations:
        after = state.clone()
        operation.state_forwards(app, after)
        with connection.schema_editor(atomic=False) as editor:
            operation.database_forwards(app, editor, state, after)
        state = after


def _set_lock_timeout(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [value])
