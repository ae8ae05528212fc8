"""Nonces and kept answers are forgotten when their time is over."""

from typing import Any

from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from wechat.api.models import KeptAnswer, SeenNonce
from wechat.kernel import work

BATCH = 5_000
TABLES: tuple[type[Model], ...] = (KeptAnswer, SeenNonce)


def is_due() -> bool:
    return any(_over(table).exists() for table in TABLES)


FORGETTING = work.TurnKind(
    "api.forget", is_due, label=gettext_lazy("Deleting old requests of the API"), queue=work.BULK
)


@FORGETTING.does
def forget(turn: work.Turn) -> int:
    """Deletes batch after batch of each table; returns how many rows."""
    forgotten = 0
    while not turn.is_over and (count := sum(_forget(table) for table in TABLES)):
        forgotten += count
    return forgotten


def _forget(table: type[Model]) -> int:
    keys = list(_over(table).values_list("pk", flat=True)[:BATCH])
    return table._default_manager.filter(pk__in=keys).delete()[0]


def _over(table: type[Model]) -> QuerySet[Any]:
    return table._default_manager.filter(expires_at__lte=timezone.now())
