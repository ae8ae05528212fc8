"""Puts every Python process that has this folder on its path into another time: see `make test-clock`.

A child of such a process is there as well: the simulator, a worker, a server. What is in Postgres reads the
clock of its own, which `tests/conftest.py` moves by as much.
"""

import os
import time

import time_machine

there = time_machine.travel(0).start()
# Both steps at once: what lies between them is missing from our clock, and Postgres is ahead of it.
there.move_to(time_machine.escape_hatch.time.time() + float(os.environ["TEST_CLOCK_DAYS"]) * 86_400)
time.time()  # starts it
