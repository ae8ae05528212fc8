"""Being told to stop: Ctrl-C, a closed terminal, `kill`."""

import signal
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)


def exit_when_told() -> None:
    """Leave through SystemExit on the first such signal, so that every `with` and `finally` runs."""
    for number in STOPPING:
        signal.signal(number, _leave)


def finish_undisturbed() -> None:
    """Ignore further signals: stopping our children is bounded in time and must not be cut short."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def _leave(number: int, _frame: FrameType | None) -> None:
    finish_undisturbed()
    raise SystemExit(128 + number)
