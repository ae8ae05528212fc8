"""Rows written with statements that are put together once, and of several tables in one statement.

For what is written many thousands of times a day: a statement costs more in the ORM and on its way than it
does in Postgres. No signals are sent.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model

Part = tuple[str, list[Any]]


def update_and_insert(row: Model, fields: Sequence[str], *new: Model) -> None:
    """Saves these fields of a row that is locked, and inserts the new ones, whose ids stay unknown."""
    *before, (last, _values) = parts = [_update(row, tuple(fields)), *map(_insert, new)]
    named = ", ".join(f"part_{number} AS ({statement})" for number, (statement, _values) in enumerate(before))
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {named} {last}" if named else last, [value for _, values in parts for value in values]
        )


def insert(row: Model) -> None:
    """Inserts a new row, which gets its id."""
    statement, values = _insert(row)
    with connection.cursor() as cursor:
        cursor.execute(f'{statement} RETURNING "{row._meta.pk.column}"', values)
        (row.pk,) = cursor.fetchone()
    row._state.adding = False  # noqa: SLF001 - as `save` does


def _update(row: Model, names: tuple[str, ...]) -> Part:
    statement, fields = _update_statement(type(row), names)
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    return statement, [*values, row.pk]


def _insert(row: Model) -> Part:
    statement, fields = _insert_statement(type(row))
    return statement, [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


@cache
def _update_statement(model: type[Model], names: tuple[str, ...]) -> tuple[str, list[Field[Any, Any]]]:
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    key = model._meta.pk.column
    return f'UPDATE "{model._meta.db_table}" SET {columns} WHERE "{key}" = %s', fields  # noqa: S608 - names


@cache
def _insert_statement(model: type[Model]) -> tuple[str, list[Field[Any, Any]]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({places})', fields  # noqa: S608 - names
