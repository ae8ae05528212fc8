from celery import shared_task
from django.utils import timezone

from wechat.inbox import media, reacting, spool
from wechat.inbox.models import InboundMedia, InboundMessage
from wechat.kernel import due


@shared_task(name="inbox.react")
def react() -> int:
    """Handle the messages that are due; how many."""
    return reacting.react_to_due()


@shared_task(name="inbox.react_late")
def react_late() -> int:
    """Work out the answers that were not ready in time; how many."""
    return reacting.react_to_late()


@shared_task(name="inbox.replay_spool")
def replay_spool() -> int:
    """Move what arrived while Postgres was away into Postgres; how many records."""
    return spool.replay()


@shared_task(name="inbox.fetch_media")
def fetch_media() -> int:
    """Fetch what followers sent besides words; how many files."""
    return media.fetch_due()


def _is_due(*, late: bool) -> bool:
    return InboundMessage.objects.filter(due_at__lte=timezone.now(), late=late).exists()


due.doorbell(react, lambda: _is_due(late=False))
due.doorbell(react_late, lambda: _is_due(late=True))
due.doorbell(replay_spool, spool.is_waiting)
due.doorbell(fetch_media, lambda: InboundMedia.objects.filter(due_at__lte=timezone.now()).exists())
