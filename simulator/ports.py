"""Ports for servers that are about to start."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from secrets import SystemRandom

# Below the range the kernel hands out to outgoing connections, which come and go.
FIRST, AFTER_LAST = 20_000, 32_000
# Processes of pytest-xdist that choose from ports of their own.
WORKERS = 16

_left: list[int] = []


def free_port() -> int:
    """Returns a free loopback port that nothing else takes until a server listens there.

    It is none of those of outgoing connections, none that another process of pytest-xdist may get, and none
    that was returned before.
    """
    while True:
        if not _left:
            worker = int(os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw") or 0)
            mine = range(FIRST + worker % WORKERS, AFTER_LAST, WORKERS)
            _left.extend(SystemRandom().sample(mine, len(mine)))
        port = _left.pop()
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
