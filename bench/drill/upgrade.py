"""Migrations of the kind that a next version brings, to the tables that are the largest and the busiest.

They are written as ``config.migrations`` asks for: the version that runs does not notice them.
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
    """Adds a column with a default, an index and a constraint to each of the tables."""
    _set_lock_timeout(LOCK_TIMEOUT)
    for app, model in TABLES:
        carry_out(app, operations(app, model))
    _set_lock_timeout("0")


def migrate_back() -> None:
    """Drops the columns again, with the index and the constraint of each; nothing reads them."""
    with connection.cursor() as cursor:
        for app, model in TABLES:
            table = connection.ops.quote_name(apps.get_model(app, model)._meta.db_table)
            cursor.execute(f"ALTER TABLE {table} DROP COLUMN drilled")


def operations(app: str, model: str) -> Sequence[Operation]:
    """Returns the operations of a migration that adds all of this to the table of a model."""
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
    """Does to the database what a migration of an app with these operations would."""
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
