from celery import shared_task

from wechat.kernel import due
from wechat.pushes import claiming, library, receipts, sending


@shared_task(name="pushes.send")
def send() -> int:
    """Send the pushes that are due; how many."""
    return sending.send_due()


@shared_task(name="pushes.join_receipts")
def join_receipts() -> int:
    """Join what the platform reported to the pushes; how many."""
    return receipts.join_due()


@shared_task(name="pushes.work_on_templates")
def work_on_templates() -> int:
    """Read, add and delete templates at the platform; how many jobs."""
    return library.work_off_due()


due.doorbell(send, claiming.is_due)
due.doorbell(join_receipts, receipts.is_due)
due.doorbell(work_on_templates, library.is_due)
