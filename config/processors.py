"""One processor for each web worker.

A Python process runs one thread at a time, and a callback passes from thread to thread a few times. When
those threads sit on different processors, every reference count they touch travels between caches: measured
at more than twice the CPU a callback. With ``WEB_PIN=1`` each worker stays on one processor.
"""

import multiprocessing
import os
import re
from pathlib import Path


def stay_on_one() -> None:
    """Keep all threads of this worker, present and future, on the processor its number falls on."""
    if os.environ.get("WEB_PIN") != "1" or not hasattr(os, "sched_setaffinity"):
        return
    numbered = re.search(r"\d+$", multiprocessing.current_process().name)
    processors = sorted(os.sched_getaffinity(0))
    mine = processors[int(numbered[0]) % len(processors) if numbered else 0]
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), {mine})
