"""The server under test, as one process, with the cost of inputs."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil


class Server:
    """A running process, with its CPU time and peak memory from the system."""

    def __init__(self, process: psutil.Process, port: int) -> None:
        self.port = port
        self._process = process

    def cpu_seconds(self) -> float:
        times = self._process.cpu_times()
        return times.user + times.system

    def peak_mb(self) -> float:
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        (peak,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) / 1024


@contextmanager
def running(module: list[str], port: int, environment: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Runs a Python module that listens on the port during the block."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module], env=os.environ | environment, stdout=output, stderr=output
        )
        try:
            _wait_for(port, process)
            yield Server(psutil.Process(process.pid), port)
        finally:
            process.terminate()
            process.wait(30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nobody listens on {port}")
