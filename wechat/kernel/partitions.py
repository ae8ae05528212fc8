"""The migration operations for partitioned tables."""

from django.contrib.postgres.operations import NotInTransactionMixin
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Table
from django.db.migrations import AddIndex
from django.db.migrations.state import ProjectState

# The partitions of a table without an index that belongs to the one of the whole.
WITHOUT = """
SELECT part.relname FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid
WHERE inhparent = %s::regclass AND NOT EXISTS (
    SELECT FROM pg_inherits AS attached JOIN pg_index ON indexrelid = attached.inhrelid
    WHERE attached.inhparent = %s::regclass AND indrelid = part.oid
)
ORDER BY part.relname
"""


class AddIndexByPartition(NotInTransactionMixin, AddIndex):
    """Adds an index to a partitioned table without blocking writers.

    Postgres cannot build such an index concurrently as a whole: it is declared on the table, built on each
    partition, and valid once the last partition has it. A partition created meanwhile gets its own. If a run
    is interrupted, such as by a time-out, the next run continues. Reversing the operation drops the index of
    all partitions at once, and blocks readers and writers.
    """

    atomic = False

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        table, quote = model._meta.db_table, schema_editor.quote_name
        if not _exists(schema_editor, self.index.name):
            whole = self.index.create_sql(model, schema_editor)
            whole.parts["table"] = Table(table, lambda name: f"ONLY {quote(name)}")
            schema_editor.execute(whole)
        for partition in _without(schema_editor, table, self.index.name):
            name = f"{partition}_{self.index.name}"
            # Half built, or never attached.
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {quote(name)}")
            part = self.index.create_sql(model, schema_editor, concurrently=True)
            part.parts |= {"name": Table(name, quote), "table": Table(partition, quote)}
            schema_editor.execute(part)
            schema_editor.execute(f"ALTER INDEX {quote(self.index.name)} ATTACH PARTITION {quote(name)}")

    def describe(self) -> str:
        return f"{super().describe()}, partition by partition"


def _exists(schema_editor: BaseDatabaseSchemaEditor, index: str) -> bool:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [schema_editor.quote_name(index)])
        return bool(cursor.fetchone()[0])


def _without(schema_editor: BaseDatabaseSchemaEditor, table: str, index: str) -> list[str]:
    """Returns the partitions that still need the index."""
    names = [schema_editor.quote_name(table), schema_editor.quote_name(index)]
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(WITHOUT, names)
        return [name for (name,) in cursor.fetchall()]
