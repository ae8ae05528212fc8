"""The signals that ask a process to stop: Ctrl-C, a closed terminal, ``kill``."""

import os
import select
import signal
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
HAS_TERMINAL = os.isatty(0)


def exit_on_signal(*, code: int | None = None) -> None:
    """Raises SystemExit on the first such signal, so that every ``with`` and ``finally`` block runs.

    The exit code is 128 + n for signal n where none is given. What was ignored before the start (SIGHUP by
    ``nohup``, SIGINT by a script's ``&``) is not ignored here, nor by programs that are started from here: to
    outlive a terminal, start this in a session of its own (``setsid``).
    """

    def leave(number: int, _frame: FrameType | None) -> None:
        finish_undisturbed()
        raise SystemExit(128 + number if code is None else code)

    for number in STOPPING:
        signal.signal(number, leave)
    # Ignored, it would take the exit codes of our children with it.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def finish_undisturbed() -> None:
    """Ignores further signals while the child processes are being stopped, which takes a limited time."""
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)


def terminal_is_gone() -> bool:
    """Returns whether we were started in a terminal that has been closed since."""
    poll = select.poll()
    poll.register(0, 0)
    return HAS_TERMINAL and any(event & select.POLLHUP for _, event in poll.poll(0))
