from celery import shared_task

from wechat.campaigns import running
from wechat.kernel import due


@shared_task(name="campaigns.run")
def run() -> int:
    """Go on with campaigns; how many."""
    return running.run_due()


due.doorbell(run, running.is_due)
