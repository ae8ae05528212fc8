"""The message log as a table that is partitioned by month."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

from wechat.inbox import months


class CreatePartitioned(migrations.CreateModel):
    """Creates a table partitioned by its ``month``, with a partition for what is of no other."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        model = to_state.apps.get_model(app_label, self.name)
        definition, parameters = schema_editor.table_sql(model)
        # A primary key has to name what the table is partitioned by; Django goes on to know the number alone.
        without_key = definition.replace(" PRIMARY KEY", "")
        table = schema_editor.quote_name(model._meta.db_table)
        schema_editor.execute(f"{without_key} PARTITION BY RANGE (month)", parameters)
        schema_editor.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (id, month)")
        schema_editor.execute(f"CREATE TABLE {months.OTHERS} PARTITION OF {table} DEFAULT")


def make_first_months(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Makes the partitions that messages of the coming weeks go to."""
    months.make_missing(apps.get_model("inbox", "MessageMonth"))
