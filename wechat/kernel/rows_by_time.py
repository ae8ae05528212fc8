"""The selection of rows by time through their ids, for tables whose ids rise with time.

An index on the time would make each insert slower; a binary search on the primary key costs some two dozen
look-ups per query.
"""

import datetime
from typing import Any

from django.db.models import Max, Min, Model, QuerySet

# Rows that waited elsewhere while Postgres was away come in with older times than their neighbours.
LONGEST_DELAY = datetime.timedelta(days=1)


def between(
    rows: QuerySet[Any], field: str, since: datetime.datetime | None, until: datetime.datetime | None
) -> QuerySet[Any]:
    """Returns the rows with ``since <= field < until``, selected by a range of the primary key."""
    if since is not None:
        rows = rows.filter(
            pk__gte=first_id(rows.model, field, since - LONGEST_DELAY), **{f"{field}__gte": since}
        )
    if until is not None:
        rows = rows.filter(
            pk__lt=first_id(rows.model, field, until + LONGEST_DELAY), **{f"{field}__lt": until}
        )
    return rows


def first_id(model: type[Model], field: str, moment: datetime.datetime) -> int:
    """Returns the first id whose row is not older than the moment."""
    table = model._default_manager.all()
    ends = table.aggregate(low=Min("pk"), high=Max("pk"))
    low, high = ends["low"] or 0, (ends["high"] or 0) + 1
    while low < high:
        middle = (low + high) // 2
        row = table.filter(pk__gte=middle).order_by("pk").values_list("pk", field).first()
        if row is None or row[1] >= moment:
            high = middle
        else:
            low = row[0] + 1
    return int(low)
