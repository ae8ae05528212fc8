from celery import shared_task
from django.utils import timezone

from menus import links, publishing, watching
from menus.models import LinkCheck, LiveMenu, Publication
from wechat.kernel import due


@shared_task(name="menus.publish")
def publish() -> int:
    """Carry out the publications that are due; how many."""
    return publishing.publish_due()


@shared_task(name="menus.look")
def look() -> int:
    """Read the live menus that are due; of how many accounts."""
    return watching.look_at_due()


@shared_task(name="menus.check_links")
def check_links() -> int:
    """Open the addresses that are due; how many."""
    return links.look_at_due()


due.doorbell(
    publish, lambda: Publication.objects.filter(due_at__lte=timezone.now(), account__enabled=True).exists()
)
due.doorbell(
    look, lambda: LiveMenu.objects.filter(due_at__lte=timezone.now(), account__enabled=True).exists()
)
due.doorbell(check_links, lambda: LinkCheck.objects.filter(due_at__lte=timezone.now()).exists())
