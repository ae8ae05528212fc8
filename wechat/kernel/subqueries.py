"""The SQL of a queryset, for use inside a statement that the ORM cannot express."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import QuerySet


def select_sql(rows: "QuerySet[Any, Any]") -> tuple[str, list[Any]]:
    """Returns the SELECT of these rows and its parameters.

    A queryset that Django knows to be empty (a filter by an empty list) becomes a SELECT without rows. Django
    itself would not run such a query, but a part of a larger statement needs its SQL.
    """
    sql, params = rows.query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False).as_sql()
    return sql, list(params)
