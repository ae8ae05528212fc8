from celery import shared_task

from wechat.kernel import due


@shared_task(name="kernel.tick")
def tick() -> list[str]:
    """The one fixed tick of beat."""
    return due.ring_due()
