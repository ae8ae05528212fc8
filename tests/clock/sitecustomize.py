"""The shift of the clock of all Python processes with this folder on their path: see ``make test-clock``.

Their child processes (the simulator, a worker, a server) are shifted as well. Postgres uses its own clock,
which ``tests/conftest.py`` shifts by the same amount.
"""

import os
import time

import time_machine

there = time_machine.travel(0).start()
# Both steps at once, because time between them would be missing from this clock, and Postgres would be ahead.
there.move_to(time_machine.escape_hatch.time.time() + float(os.environ["TEST_CLOCK_DAYS"]) * 86_400)
time.time()  # starts it
