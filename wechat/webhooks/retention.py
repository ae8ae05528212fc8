"""The retention of deliveries."""

import datetime
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from wechat.kernel import retention
from wechat.webhooks.models import Delivery


def _oldest(before: datetime.datetime, limit: int) -> Sequence[Delivery]:
    closed = Delivery.objects.exclude(state=Delivery.State.WAITING)
    return retention.first_rows(closed, "created_at", before, limit)


def _delete(deliveries: Sequence[Delivery]) -> None:
    Delivery.objects.filter(pk__in=[row.pk for row in deliveries]).delete()


retention.register("deliveries", _("Webhook deliveries and their attempts"), _oldest, _delete)
