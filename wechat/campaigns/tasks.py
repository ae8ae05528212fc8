from celery import shared_task

from wechat.campaigns.mass import sending as mass_sending
from wechat.kernel import due


@shared_task(name="campaigns.mass_send")
def mass_send() -> int:
    """Hand over, follow and delete the mass sends that are due; how many calls."""
    return mass_sending.work_off_due()


due.doorbell(mass_send, mass_sending.is_due)
