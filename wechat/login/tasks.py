from celery import shared_task

from wechat.kernel import due
from wechat.login import forgetting


@shared_task(name="login.forget")
def forget() -> int:
    """Forget what is over; how many rows."""
    return forgetting.forget()


due.doorbell(forget, forgetting.is_due)
