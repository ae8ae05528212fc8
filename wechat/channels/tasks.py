from celery import shared_task

from wechat.channels import making
from wechat.kernel import due


@shared_task(name="channels.make_codes")
def make_codes() -> int:
    """Bring the codes that are due a step further; how many steps."""
    return making.make_due()


due.doorbell(make_codes, making.is_due)
