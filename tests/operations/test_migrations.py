"""A migration that a running installation would notice is found before it is released."""

from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import (
    AddConstraintNotValid,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
    ValidateConstraint,
)
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.operations.base import Operation

from bench.drill import upgrade
from config.migrations import unsafe
from wechat.kernel.partitions import AddIndexByPartition

INDEX = models.Index(fields=["state"], name="push_state")
CHECK = models.CheckConstraint(condition=models.Q(attempts__gte=0), name="push_attempts")
UNIQUE = models.UniqueConstraint(fields=["key"], name="push_key")
KEY = models.ForeignKey("official.OfficialAccount", models.CASCADE, null=True)


def found(*operations: Operation, app: str = "pushes", **attributes: Any) -> list[str]:
    following = type("Migration", (Migration,), {"operations": list(operations), **attributes})
    return list(unsafe([following("0002_next", app)]))


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddIndex("push", INDEX),
        migrations.AddConstraint("push", CHECK),
        migrations.AddConstraint("push", UNIQUE),
        migrations.AddField("push", "note", models.TextField(default="")),
        migrations.AddField("push", "note", models.TextField(null=True, db_index=True)),
        migrations.AddField("push", "note", models.TextField(null=True, unique=True)),
        migrations.AddField("push", "account", KEY),
        migrations.AlterField("push", "key", models.TextField()),
        migrations.RemoveField("push", "key"),
        migrations.RenameField("push", "key", "name"),
        migrations.RenameModel("Push", "Message"),
        migrations.DeleteModel("Push"),
        migrations.RunSQL("UPDATE pushes_push SET error = ''"),
        migrations.RunPython(migrations.RunPython.noop),
        AddIndexConcurrently("push", INDEX),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_locks_a_big_table_or_breaks_the_version_before_is_found(operation: Operation) -> None:
    (problem,) = found(operation)
    assert problem.startswith("pushes.0002_next: ")


@pytest.mark.parametrize(
    "operation",
    [
        AddIndexConcurrently("push", INDEX),
        AddConstraintNotValid("push", CHECK),
        ValidateConstraint("push", "push_attempts"),
        migrations.AddField("push", "note", models.TextField(db_default="")),
        migrations.AddField("push", "note", models.TextField(null=True)),
        migrations.RunSQL("UPDATE pushes_push SET error = ''"),
    ],
    ids=lambda operation: operation.describe(),
)
def test_what_nobody_notices_is_let_through(operation: Operation) -> None:
    assert found(operation, atomic=False) == []


def test_a_table_that_the_migration_makes_itself_is_empty() -> None:
    made = migrations.CreateModel("Note", [("id", models.BigAutoField(primary_key=True))])
    assert found(made, migrations.AddIndex("note", INDEX), migrations.AddConstraint("note", CHECK)) == []


def test_one_that_is_safe_all_the_same_says_why() -> None:
    assert found(migrations.AlterField("push", "key", models.TextField()), safe_because="text is text") == []


@pytest.mark.parametrize(("app", "model"), upgrade.TABLES)
def test_the_rehearsal_of_a_rolling_upgrade_keeps_to_it(app: str, model: str) -> None:
    assert found(*upgrade.operations(app, model), app=app, atomic=False) == []


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddIndex("inboundmessage", INDEX),
        AddIndexConcurrently("inboundmessage", INDEX),
        RemoveIndexConcurrently("inboundmessage", "push_state"),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_an_index_that_postgres_cannot_change_for_a_partitioned_table_is_found(operation: Operation) -> None:
    (problem,) = found(operation, app="inbox", atomic=False)
    assert "AddIndexByPartition" in problem


@pytest.mark.django_db(transaction=True)
def test_the_rehearsal_changes_every_table_and_changes_it_back() -> None:
    upgrade.migrate()
    assert all("drilled" in columns for columns in _columns())
    assert _unfinished_indexes() == []
    upgrade.migrate_back()
    assert not any("drilled" in columns for columns in _columns())


@pytest.mark.django_db(transaction=True)
def test_what_ended_in_the_middle_of_the_partitions_goes_on_when_it_is_repeated() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX drilled_again ON ONLY inbox_inboundmessage (kind)")
        # Built, and not attached; one that is half built has the same name.
        cursor.execute(
            "CREATE INDEX inbox_inboundmessage_others_drilled_again ON inbox_inboundmessage_others (kind)"
        )
    adding = AddIndexByPartition("inboundmessage", models.Index(fields=["kind"], name="drilled_again"))
    for _time in range(2):
        upgrade.carry_out("inbox", [adding])
    assert _unfinished_indexes() == []
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX drilled_again")


def _columns() -> list[set[str]]:
    with connection.cursor() as cursor:
        tables = [apps.get_model(*table)._meta.db_table for table in upgrade.TABLES]
        described = [connection.introspection.get_table_description(cursor, table) for table in tables]
    return [{column.name for column in columns} for columns in described]


def _unfinished_indexes() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid")
        return [name for (name,) in cursor.fetchall()]
