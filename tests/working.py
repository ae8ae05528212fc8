"""Workers' turns, taken by the test itself."""

from django.utils import timezone

from wechat.kernel import work
from wechat.kernel.models import LastTick

SENDS = ("pushes.send", "pushes.send_bulk")


def send_due() -> int:
    """Sends what is due, of campaigns and otherwise; returns how many pushes were taken on."""
    return work.run_all(*SENDS)


def kept_running() -> None:
    """Pretends, after time was travelled, that workers were at work all the while: it was no outage."""
    LastTick.objects.update(at=timezone.now())


def react_to_due() -> int:
    """Handles the messages that have their answer; returns how many."""
    return work.run("inbox.react")


def react_to_late() -> int:
    """Work out the answers that were not ready in time; returns how many."""
    return work.run("inbox.react_late")
