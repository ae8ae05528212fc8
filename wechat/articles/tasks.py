from celery import shared_task
from django.utils import timezone

from wechat.articles import reading, sending
from wechat.articles.models import Draft, Reading
from wechat.kernel import due


@shared_task(name="articles.work_off")
def work_off() -> int:
    """Save, preview, publish and take back what is due; how many drafts."""
    return sending.work_off_due()


@shared_task(name="articles.read")
def read() -> int:
    """Read the drafts of the accounts that asked for it; how many accounts."""
    return reading.read_due()


due.doorbell(work_off, lambda: Draft.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(read, lambda: Reading.objects.filter(due_at__lte=timezone.now()).exists())
