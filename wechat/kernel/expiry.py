"""The background deletion of rows whose ``expires_at`` has passed, in batches."""

import datetime
from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from django_stubs_ext import StrOrPromise

from wechat.kernel import work

BATCH = 5_000


def forgetting(
    name: str,
    tables: tuple[type[Model], ...],
    *,
    label: StrOrPromise,
    later: datetime.timedelta = datetime.timedelta(0),
) -> work.TurnKind:
    """Declares the work that deletes the expired rows of these tables, ``later`` after they expired."""

    def over(table: type[Model]) -> QuerySet[Any]:
        return table._default_manager.filter(expires_at__lte=timezone.now() - later)

    def delete(table: type[Model]) -> int:
        keys = list(over(table).values_list("pk", flat=True)[:BATCH])
        # Of these only what is still over: a row may have been given another time meanwhile.
        return over(table).filter(pk__in=keys).delete()[0]

    kind = work.TurnKind(
        name, lambda: any(over(table).exists() for table in tables), label=label, queue=work.BULK
    )

    @kind.does
    def forget(turn: work.Turn) -> int:
        """Deletes expired rows in batches; returns how many."""
        forgotten = 0
        while not turn.is_over and (count := sum(delete(table) for table in tables)):
            forgotten += count
        return forgotten

    return kind
