from celery import shared_task

from wechat.kernel import due
from wechat.pushes import claiming, sending


@shared_task(name="pushes.send")
def send() -> int:
    """Send the pushes that are due; how many."""
    return sending.send_due()


due.doorbell(send, claiming.is_due)
