"""Workers' turns, taken by the test itself."""

from wechat.kernel import work

SENDS = ("pushes.send", "pushes.send_bulk")


def send_due() -> int:
    """Send what is due, of campaigns and otherwise; returns how many pushes were taken on."""
    return work.run_all(*SENDS)
