from celery import shared_task
from django.utils import timezone

from wechat.kernel import due
from wechat.replies import forwarding
from wechat.replies.models import Forward


@shared_task(name="replies.forward")
def forward() -> int:
    """Post messages to webhooks; how many attempts."""
    return forwarding.forward_due()


due.doorbell(forward, lambda: Forward.objects.filter(due_at__lte=timezone.now()).exists())
