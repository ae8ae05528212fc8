"""The modules with background work of this app: see ``wechat.kernel.work``."""

from celery import shared_task
from django.utils import timezone

from payments import certificates, events, notices, order_polling, reconciling, refunding, webhooks
from payments.models import WebhookDelivery
from wechat.kernel import due

__all__ = ["certificates", "events", "notices", "order_polling", "reconciling", "refunding", "webhooks"]


@shared_task(name="payments.deliver")
def deliver() -> int:
    """Post events to the owners' systems."""
    return webhooks.deliver_due()


due.doorbell(deliver, lambda: WebhookDelivery.objects.filter(due_at__lte=timezone.now()).exists())
