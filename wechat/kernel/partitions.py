"""Changes of tables that are partitioned."""

from collections.abc import Iterator

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Table
from django.db.migrations.state import ProjectState

PARTITIONS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass ORDER BY 1"


class AddIndexByPartition(AddIndexConcurrently):
    """Adds an index to a partitioned table while rows are written.

    Postgres builds none concurrently for the whole: it is declared, built for one partition after the other,
    and valid with the last of them. A partition that is made meanwhile brings its own.
    """

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
        whole = self.index.create_sql(model, schema_editor)
        whole.parts["table"] = Table(table, lambda name: f"ONLY {quote(name)}")
        schema_editor.execute(whole)
        for partition in _partitions(schema_editor, table):
            name = f"{partition}_{self.index.name}"
            part = self.index.create_sql(model, schema_editor, concurrently=True)
            part.parts |= {"name": Table(name, quote), "table": Table(partition, quote)}
            schema_editor.execute(part)
            schema_editor.execute(f"ALTER INDEX {quote(self.index.name)} ATTACH PARTITION {quote(name)}")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drops the index of the whole, and with it those of the partitions, at once."""
        model = from_state.apps.get_model(app_label, self.model_name)
        schema_editor.remove_index(model, self.index)

    def describe(self) -> str:
        return f"{super().describe()}, partition by partition"


def _partitions(schema_editor: BaseDatabaseSchemaEditor, table: str) -> Iterator[str]:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(PARTITIONS, [table])
        yield from [name for (name,) in cursor.fetchall()]
