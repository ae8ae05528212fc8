from celery import shared_task
from django.utils import timezone

from wechat.kernel import due
from wechat.materials import library
from wechat.materials.models import Asset


@shared_task(name="materials.upload")
def upload() -> int:
    """Upload the files that are due; how many."""
    return library.upload_due()


due.doorbell(upload, lambda: Asset.objects.filter(due_at__lte=timezone.now()).exists())
