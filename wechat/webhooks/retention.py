"""The deletion of old deliveries."""

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from wechat.kernel import retention
from wechat.webhooks.models import Delivery


def _oldest(before: datetime.datetime, limit: int) -> Sequence[Delivery]:
    """Returns the oldest rows, those with the smallest numbers, so that no table is read for it."""
    first = Delivery.objects.exclude(state=Delivery.State.WAITING).order_by("pk")
    return [row for row in first[:limit] if row.created_at < before]


def _delete(deliveries: Sequence[Delivery]) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in deliveries]).delete()


retention.register("deliveries", _("Webhook deliveries and their attempts"), _oldest, _delete)
