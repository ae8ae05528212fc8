from celery import shared_task

from wechat.api import forgetting
from wechat.kernel import due


@shared_task(name="api.forget")
def forget() -> int:
    """Forget nonces and kept answers whose time is over; how many."""
    return forgetting.forget()


due.doorbell(forget, forgetting.is_due)
