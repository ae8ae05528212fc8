"""Tests of pages under the production server."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import requests

from simulator.ports import free_port

FILES = ["/static/console/console.js", "/static/console/console.css", "/healthz/live"]


@contextmanager
def free_server(environment: dict[str, str]) -> Iterator[str]:
    """The address of a server of its own, with these variables beside ours."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), "--lifespan", "off", "--ws", "none"]
    command += ["--log-level", "error", "config.asgi:application"]
    with subprocess.Popen(command, env={**os.environ, **environment}) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/healthz/live")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


@pytest.fixture
def served() -> Iterator[str]:
    with free_server({}) as address:
        yield address


def _wait_for(address: str) -> None:
    for _ in range(600):
        try:
            requests.get(address, timeout=60)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


def test_a_connection_that_is_used_again_is_answered_again(served: str) -> None:
    def browse(_: int) -> list[int]:
        with requests.Session() as session:
            return [session.get(served + path, timeout=60).status_code for path in FILES * 20]

    with ThreadPoolExecutor(4) as browsers:
        answered = Counter(status for each in browsers.map(browse, range(4)) for status in each)
    assert answered == {200: 4 * 20 * len(FILES)}
