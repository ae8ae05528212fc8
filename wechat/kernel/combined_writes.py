"""The writing of rows with cached, prepared statements, also rows of several tables in one statement.

It is for rows that are written many thousands of times a day: for those, building the SQL in the ORM costs
more than Postgres needs to carry it out. No signals are sent.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any

from django.db import connection
from django.db.models import Field, Model

from wechat.kernel import lock_waits
from wechat.kernel.prepared import prepared_cursor

Fields = Sequence[Field[Any, Any]]
Part = tuple[str, list[Any]]
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Changed(Exception):
    """The error for a row that was changed since it was read; nothing was written."""


def update_and_insert(
    row: Model, fields: Sequence[str], *new: Model, was: Mapping[str, Any] = NOTHING
) -> None:
    """Saves these fields of a row and inserts the ``new`` rows in one statement; their ids stay unknown.

    ``was`` is what other columns must still hold, of a row that is not locked, and is waited for as long as
    ``lock_waits`` says. Raises ``Changed``.
    """
    (update, values), *inserts = [_update(row, tuple(fields), was), *(_insert(each) for each in new)]
    parts = [f"changed AS ({update} RETURNING 1)"]
    for number, (statement, more) in enumerate(inserts):
        parts.append(f"part_{number} AS ({statement} FROM changed)")
        values += more
    with prepared_cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT FROM changed", values)
        if not cursor.rowcount:
            raise Changed


def insert(row: Model) -> None:
    """Inserts a new row and sets its id."""
    statement, values = _insert(row)
    with prepared_cursor() as cursor:
        cursor.execute(f'{statement} RETURNING "{row._meta.pk.column}"', values)
        (row.pk,) = cursor.fetchone()
    row._state.adding = False  # noqa: SLF001 - as `save` does


def _update(row: Model, names: tuple[str, ...], was: Mapping[str, Any]) -> Part:
    statement, fields = _update_statement(type(row), names, tuple(was))
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    return statement, [*values, row.pk, *was.values()]


def _insert(row: Model) -> Part:
    statement, fields = _insert_statement(type(row))
    return statement, [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]


@cache
def _update_statement(model: type[Model], names: tuple[str, ...], was: tuple[str, ...]) -> tuple[str, Fields]:
    known = {field.name: field for field in model._meta.concrete_fields}
    fields = [known[name] for name in names]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    same = " AND ".join(f'"{known[name].column}" = %s' for name in (model._meta.pk.name, *was))
    if was:
        same = f"{same} AND {lock_waits.BOUNDED}"
    return f'UPDATE "{model._meta.db_table}" SET {columns} WHERE {same}', fields  # noqa: S608 - names


@cache
def _insert_statement(model: type[Model]) -> tuple[str, Fields]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) SELECT {places}', fields
