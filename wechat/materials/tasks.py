from celery import shared_task
from django.utils import timezone

from wechat.kernel import due
from wechat.materials import library, shelves
from wechat.materials.models import Asset, Shelf


@shared_task(name="materials.upload")
def upload() -> int:
    """Upload the files that are due; how many."""
    return library.upload_due()


@shared_task(name="materials.count")
def count() -> int:
    """Ask how many places are taken, for the accounts that are due; how many."""
    return shelves.read_due()


due.doorbell(upload, lambda: Asset.objects.filter(due_at__lte=timezone.now()).exists())
due.doorbell(count, lambda: Shelf.objects.filter(due_at__lte=timezone.now()).exists())
