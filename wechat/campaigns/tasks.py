from celery import shared_task

from wechat.campaigns import running
from wechat.campaigns.mass import sending as mass_sending
from wechat.campaigns.sequences import running as sequences
from wechat.kernel import due


@shared_task(name="campaigns.run")
def run() -> int:
    """Go on with campaigns; how many."""
    return running.run_due()


@shared_task(name="campaigns.mass_send")
def mass_send() -> int:
    """Hand over, follow and delete the mass sends that are due; how many calls."""
    return mass_sending.work_off_due()


@shared_task(name="campaigns.run_sequences")
def run_sequences() -> int:
    """Send the next messages of sequences to those whose time has come; how many were looked at."""
    return sequences.run_due()


due.doorbell(run, running.is_due)
due.doorbell(mass_send, mass_sending.is_due)
due.doorbell(run_sequences, sequences.is_due)
