"""Callbacks a second, each recorded in Postgres before it is answered: `python -m bench.callbacks`.

Encrypted texts over 50 rules, 64 connections (wrk). Prints throughput, latencies, server CPU a callback and
memory, checks that no row is lost or double, and compares with a Gin server that inserts one row a request
(built from `bench/gin` where Go is installed; otherwise with the figure recorded on the same kind of box).
A lone callback's latency is measured with one connection.
"""

import argparse
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import django
import psutil
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, connections  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.pushes import AES_KEY, APPID, ORIGINAL_ID, TOKEN, write_pushes  # noqa: E402
from wechat.inbox.models import InboundMessage  # noqa: E402
from wechat.replies.models import Keyword, Reply, Rule  # noqa: E402

HERE = Path(__file__).parent
RECORDED_GIN = 2350
CONNECTIONS = 64
GO_PATH = "/usr/share/gocode"  # where Debian's golang-*-dev packages put their sources


@dataclass(frozen=True)
class Figures:
    rps: float
    p50: float
    p99: float
    replied: int
    refused: int
    cpu_us: float
    memory_mb: float

    def __str__(self) -> str:
        return (
            f"{self.rps:>7,.0f} req/s   p50 {self.p50:>6.1f} ms   p99 {self.p99:>6.1f} ms   "
            f"CPU {self.cpu_us:>5.0f} µs/callback   {self.memory_mb:>4.0f} MB"
        )


def main() -> int:
    options = _options()
    if not shutil.which("wrk"):
        sys.stderr.write("This benchmark drives the server with wrk: apt-get install wrk\n")
        return 1
    call_command("migrate", verbosity=0)
    _account_with_rules()
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        pushes = Path(folder) / "pushes.tsv"
        for _ in range(options.rounds):
            ours = _ours(options, pushes)
            ratios.append(ours.rps / _gin(options, pushes, Path(folder)))
    told = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(f"\nratio to Gin with a committed row a request: {median(ratios):.2f} ({told})")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="of both, in turns; the median counts")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    return parser.parse_args()


def _account_with_rules() -> None:
    OfficialAccount.objects.filter(slug="bench").delete()
    account = OfficialAccount.objects.create(
        slug="bench", name="bench", appid=APPID, token=TOKEN, aes_key=AES_KEY, original_id=ORIGINAL_ID
    )
    for position in range(50):
        rule = Rule.objects.create(account=account, name=f"rule {position}", position=position)
        last = position == 49
        Keyword.objects.create(rule=rule, text="价格" if last else f"关键词{position}")
        Reply.objects.create(
            rule=rule, content={"type": "text", "content": "价格是 99 元" if last else f"回复{position}"}
        )


def _ours(options: argparse.Namespace, pushes: Path) -> Figures:
    port = _free_port()
    command = [
        *(sys.executable, "-m"),
        *("uvicorn", "--port", str(port), "--workers", str(options.workers), "--log-level", "error"),
        *("--no-access-log", "--lifespan", "off", "--ws", "none", "config.asgi:application"),
    ]
    with _server(command, port, {"DEBUG": "0", "SECRET_KEY": "bench"}) as server:
        path = "/wechat/bench/callback"
        _drive(server, port, path, pushes, 3, CONNECTIONS)  # every worker has imported everything
        before = InboundMessage.objects.count()
        loaded = _drive(server, port, path, pushes, options.seconds, CONNECTIONS)
        time.sleep(1)
        rows = InboundMessage.objects.count() - before
        lone = _drive(server, port, path, pushes, 3, 1)
    print(f"ours, {CONNECTIONS} connections  {loaded}")
    print(f"ours, 1 connection   {lone}")
    print(
        f"answered {loaded.replied:,}, refused {loaded.refused:,}, rows {rows:,} (some in flight at the end)"
    )
    if rows < loaded.replied or rows > loaded.replied + 2 * CONNECTIONS:
        raise SystemExit("rows and answers differ")
    return loaded


def _gin(options: argparse.Namespace, pushes: Path, folder: Path) -> float:
    if not shutil.which("go") or not Path(GO_PATH, "src/github.com/gin-gonic/gin").exists():
        print(f"gin: no Go here, the recorded figure is {RECORDED_GIN:,} req/s")
        return RECORDED_GIN
    binary = folder / "gin"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": GO_PATH, "GOCACHE": str(folder / "cache")}
    subprocess.run(["go", "build", "-o", binary, HERE / "gin" / "main.go"], env=environment, check=True)
    port = _free_port()
    with _server(
        [str(binary)], port, {"PG": f"{settings.DATABASE_URL}?sslmode=disable", "PORT": str(port)}
    ) as server:
        figures = _drive(server, port, "/wechat", pushes, options.seconds, CONNECTIONS)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS gin_inbox")
    print(f"gin,  {CONNECTIONS} connections  {figures}")
    return figures.rps


@contextmanager
def _server(command: list[str], port: int, environment: dict[str, str]) -> Iterator[psutil.Process]:
    connections.close_all()
    with subprocess.Popen(
        command, env=os.environ | environment, stdout=subprocess.DEVNULL, start_new_session=True
    ) as child:
        try:
            _wait_for(port)
            yield psutil.Process(child.pid)
        finally:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait(20)


def _drive(
    server: psutil.Process, port: int, path: str, pushes: Path, seconds: int, connections_: int
) -> Figures:
    """Load the server with fresh pushes, each sent once; stops by itself."""
    write_pushes(pushes, count=seconds * 9000)
    before = _cpu_seconds(server)
    output = subprocess.run(
        [
            *("wrk", "-t1", f"-c{connections_}", f"-d{seconds}s", "--timeout", "8s"),
            *("-s", str(HERE / "callbacks.lua"), f"http://127.0.0.1:{port}"),
        ],
        env=os.environ | {"PUSHES": str(pushes), "CALLBACK_PATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"rps=(\S+) replied=(\d+) refused=(\d+) p50=(\S+) p99=(\S+)", output)
    if not found:
        raise SystemExit(output)
    rps, replied, refused, p50, p99 = map(float, found.groups())
    spent = _cpu_seconds(server) - before
    return Figures(
        rps, p50, p99, int(replied), int(refused), spent * 1e6 / max(replied, 1), _memory(server) / 2**20
    )


def _family(server: psutil.Process) -> list[psutil.Process]:
    return [server, *server.children(recursive=True)]


def _cpu_seconds(server: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in _family(server))


def _memory(server: psutil.Process) -> int:
    return sum(process.memory_info().rss for process in _family(server))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
