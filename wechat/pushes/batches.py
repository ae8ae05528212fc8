"""The batches of pushes queued together for one cause, such as a campaign, counted by state."""

from dataclasses import dataclass

from django.db.models import Count, QuerySet

from wechat.pushes.models import Push
from wechat.pushes.states import OPEN


@dataclass(frozen=True, slots=True)
class BatchCount:
    """The number of pushes of a batch in one state, with one reason, kind and variant."""

    state: str
    reason: str
    kind: str
    variant: str
    number: int


def of(cause: str) -> QuerySet[Push]:
    """Returns the pushes of a batch."""
    return Push.objects.filter(cause=cause, bulk=True)


def counts(cause: str) -> list[BatchCount]:
    """Returns the numbers of a batch's pushes by state, reason, kind and variant, read from one index."""
    rows = of(cause).order_by().values_list("state", "reason", "kind", "variant")
    return [BatchCount(*row) for row in rows.annotate(number=Count("*"))]


def count_open(cause: str) -> int:
    """Returns the number of pushes that are still to be sent or are being sent."""
    return of(cause).filter(state__in=OPEN).count()
