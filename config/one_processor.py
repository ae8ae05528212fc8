"""`python -m config.one_processor MODULE …`: run a Python module, and all it starts, on one processor.

A web worker runs one thread at a time, and a callback passes from thread to thread a few times. When these
sit on different processors, each hand-over wakes another processor and moves what both touch between caches:
one worker on two processors took 840 callbacks a second, on one of them 1,440. Serve more by more workers,
each on a processor of its own (`CPUAffinity` in systemd, a cpuset for a container).
"""

import os
import sys


def main(command: list[str]) -> None:
    # Linux only; elsewhere the system decides.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606 - our own program, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
