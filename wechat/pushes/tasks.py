from celery import shared_task
from django.utils import timezone

from wechat.kernel import due
from wechat.pushes import sending
from wechat.pushes.models import Push


@shared_task(name="pushes.send")
def send() -> int:
    """Send the pushes that are due; how many."""
    return sending.send_due()


due.doorbell(send, lambda: Push.objects.filter(due_at__lte=timezone.now()).exists())
