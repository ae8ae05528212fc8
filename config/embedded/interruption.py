"""Being told to stop: Ctrl-C, a closed terminal, `kill`."""

import signal
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)


def exit_when_told() -> None:
    """Leave through SystemExit on the first such signal, so that every `with` and `finally` runs.

    Later ones are ignored: cleaning up is bounded in time and must not be cut short.
    """
    for number in STOPPING:
        signal.signal(number, _leave)


def _leave(number: int, _frame: FrameType | None) -> None:
    for each in STOPPING:
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)
