"""The shared code of web benchmarks: the shipped server, the load generator wrk, and CPU costs."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.db import connection, connections

HERE = Path(__file__).parent
GO_PATH = "/usr/share/gocode"  # the folder of the sources of Debian's golang-*-dev packages


@dataclass(frozen=True)
class Figures:
    """The figures of a run: requests a second, latencies in ms, and µs of the server's CPU a request."""

    rps: float
    p50: float
    p99: float
    accepted: int
    refused: int
    cpu_us: float
    postgres_us: float
    memory_mb: float

    def __str__(self) -> str:
        return (
            f"{self.rps:>7,.0f} req/s   p50 {self.p50:>6.1f} ms   p99 {self.p99:>6.1f} ms   "
            f"CPU a request: server {self.cpu_us:>6,.0f} µs, Postgres {self.postgres_us:>6,.0f} µs   "
            f"{self.memory_mb:>4.0f} MB"
        )


def web_command(port: int, workers: int, python: str = sys.executable) -> list[str]:
    """Returns the command of the web server in the shipped configuration, a supervisor of its workers."""
    return [
        *(python, "-m"),
        *("uvicorn", "--port", str(port), "--workers", str(workers), "--log-level", "error"),
        *("--no-access-log", "--no-server-header", "--no-proxy-headers", "--lifespan", "off"),
        *("--ws", "none", "--timeout-keep-alive", "75", "config.asgi:application"),
    ]


def is_go_here(*packages: str) -> bool:
    """Returns whether Go and these packages of Debian are installed."""
    sources = Path(GO_PATH, "src")
    return shutil.which("go") is not None and all((sources / package).exists() for package in packages)


def build_go(source: Path, folder: Path) -> Path:
    """Compiles a Go program of one file; returns the path of its binary."""
    binary = folder / source.parent.name
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": GO_PATH, "GOCACHE": str(folder / "cache")}
    subprocess.run(["go", "build", "-o", binary, source], env=environment, check=True)
    return binary


@contextmanager
def served(command: list[str], port: int, environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    """Runs a server during the block and yields its process; its log is discarded."""
    connections.close_all()
    with subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as child:
        try:
            _wait_for(port)
            yield psutil.Process(child.pid)
        finally:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(20)


def drive(
    server: psutil.Process, port: int, script: str, seconds: int, connections_: int, **environment: str
) -> Figures:
    """Puts load on the server by a script of wrk, which says which answers it accepts; returns the figures.

    Each request is sent once. Raises ``SystemExit`` if the server was too fast for the number of requests.
    """
    before, postgres_before = _cpu_seconds(server), _postgres_seconds()
    output = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections_}", f"-d{seconds}s", "--timeout", "8s"),
            *("-s", str(HERE / script), f"http://127.0.0.1:{port}"),
        ],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"rps=(\S+) accepted=(\d+) refused=(\d+) p50=(\S+) p99=(\S+) short=0", output)
    if not found:
        raise SystemExit(f"{output}There was nothing left to be sent, or no answer.")
    rps, accepted, refused, p50, p99 = map(float, found.groups())
    answered = max(accepted + refused, 1)
    return Figures(
        rps,
        p50,
        p99,
        int(accepted),
        int(refused),
        (_cpu_seconds(server) - before) * 1e6 / answered,
        (_postgres_seconds() - postgres_before) * 1e6 / answered,
        memory(server) / 2**20,
    )


def _family(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def _cpu_seconds(server: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _family(server))


def _postgres_seconds() -> float:
    """Returns the CPU seconds of Postgres and its processes, including ended ones.

    Returns 0 if it does not run on this machine.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_backend_pid(), inet_client_addr() IS NULL OR host(inet_client_addr()) = '127.0.0.1'"
        )
        pid, is_here = cursor.fetchone()
    parent = psutil.Process(pid).parent() if is_here and psutil.pid_exists(pid) else None
    if parent is None:
        return 0.0
    ended = parent.cpu_times()
    alive = sum(sum(child.cpu_times()[:2]) for child in parent.children())
    return float(alive + ended.children_user + ended.children_system)


def memory(server: psutil.Process) -> int:
    return sum(process.memory_info().rss for process in _family(server))


def _wait_for(port: int) -> None:
    for _ in range(1200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")
