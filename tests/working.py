"""The workers' turns, run by the test itself."""

from django.utils import timezone

from wechat.kernel import work
from wechat.kernel.models import LastTick

SENDS = ("pushes.send", "pushes.send_bulk")


def send_due() -> int:
    """Sends due pushes, including those of campaigns; returns the number of claimed pushes."""
    return work.run_all(*SENDS)


def kept_running() -> None:
    """Records after a move of the clock that workers ran all the time, so that it is not an outage."""
    LastTick.objects.update(at=timezone.now())


def react_to_due() -> int:
    """Runs the reactions to answered messages; returns their number."""
    return work.run("inbox.react")


def react_to_late() -> int:
    """Computes the answers that were not ready in time; returns their number."""
    return work.run("inbox.react_late")
