"""The pytest plugin with the fixture ``wechat_simulator``: a simulator on a free port, reset by each test."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

from simulator.client import SimulatorClient
from simulator.ports import free_port

START_SECONDS, PAUSE = 60.0, 0.05


@pytest.fixture(scope="session")
def wechat_simulator_url() -> Iterator[str]:
    """Starts a simulator process for the session; yields its base URL."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    running = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "simulator", "--port", str(port)]
    )
    try:
        _wait_for(base, running)
        yield base
    finally:
        running.terminate()
        running.wait(15)


@pytest.fixture
def wechat_simulator(wechat_simulator_url: str) -> SimulatorClient:
    """Returns a client of the session's simulator, whose state has been reset."""
    client = SimulatorClient(wechat_simulator_url)
    client.reset()
    return client


def _wait_for(base: str, running: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends and running.poll() is None:
        try:
            requests.get(f"{base}/_sim/health", timeout=5)
        except requests.RequestException:
            time.sleep(PAUSE)
        else:
            return
    raise RuntimeError("the simulator does not start")
