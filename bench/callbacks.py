"""The benchmark of callbacks, each recorded in Postgres before it is answered: ``make bench ARGS=callbacks``.

Encrypted texts over 50 rules, 64 connections (wrk). Prints throughput, latencies, server CPU a callback and
memory, checks that no row is lost or duplicate, and compares with a Gin server that inserts one row a request
(built from ``bench/gin`` if Go and Debian's packages of Gin and lib/pq are installed). The latency of a
single callback is measured with one connection. If another version of Python is installed
(``bench/interpreters.py``), the web processes run on both versions alternately.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from bench.interpreters import interpreters  # noqa: E402
from bench.pushes import AES_KEY, APPID, ORIGINAL_ID, TOKEN, write_pushes  # noqa: E402
from bench.web import (  # noqa: E402
    HERE,
    Figures,
    build_go,
    drive,
    is_go_here,
    served,
    web_command,
)
from simulator.ports import free_port  # noqa: E402
from wechat.inbox.models import InboundMessage  # noqa: E402
from wechat.replies.models import Keyword, Reply, Rule  # noqa: E402

CONNECTIONS = 64
MOST_A_SECOND = 16_000


def main() -> int:
    options = _options()
    if not shutil.which("wrk"):
        sys.stderr.write("This benchmark drives the server with wrk: apt-get install wrk\n")
        return 1
    make_tables()
    account_with_rules()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pythons = interpreters(folder)
        ratios: dict[str, list[float]] = {version: [] for version in pythons}
        for _ in range(options.rounds):
            ours = {version: _ours(options, folder, version, python) for version, python in pythons.items()}
            gin = _gin(options, folder)
            if gin is None:
                continue
            for version, figures in ours.items():
                ratios[version].append(figures.rps / gin.rps)
    _print_ratios({version: found for version, found in ratios.items() if found})
    return 0


def _print_ratios(ratios: Mapping[str, Sequence[float]]) -> None:
    if not ratios:
        print("\nNo ratio: there is no Go here, or none of its packages of Gin and lib/pq.")
        return
    print("\nratio to Gin with a committed row a request:")
    for version, measured in ratios.items():
        shown = ", ".join(f"{ratio:.2f}" for ratio in measured)
        print(f"Python {version}: {median(measured):.2f} ({shown})")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=9, help="of both, in turns; the median counts")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    return parser.parse_args()


def account_with_rules() -> None:
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


def _ours(options: argparse.Namespace, folder: Path, version: str, python: str) -> Figures:
    port = free_port()
    command = web_command(port, options.workers, python)
    with served(command, port, {"DEBUG": "0", "SECRET_KEY": "bench"}) as server:
        path = "/wechat/bench/callback"
        _drive(server, port, path, folder, 3, CONNECTIONS)  # after this, all workers have imported everything
        before = InboundMessage.objects.count()
        loaded = _drive(server, port, path, folder, options.seconds, CONNECTIONS)
        time.sleep(1)
        rows = InboundMessage.objects.count() - before
        lone = _drive(server, port, path, folder, 3, 1)
    print(f"{version}, {CONNECTIONS} connections  {loaded}")
    print(f"{version}, 1 connection   {lone}")
    print(
        f"answered {loaded.accepted:,}, refused {loaded.refused:,}, rows {rows:,} (some in flight at the end)"
    )
    if rows < loaded.accepted or rows > loaded.accepted + 2 * CONNECTIONS:
        raise SystemExit("rows and answers differ")
    return loaded


def _gin(options: argparse.Namespace, folder: Path) -> Figures | None:
    """Returns the figures of the Gin server; None if it cannot be built."""
    if not is_go_here("github.com/gin-gonic/gin", "github.com/lib/pq"):
        return None
    port = free_port()
    environment = {"PG": f"{settings.DATABASE_URL}?sslmode=disable", "PORT": str(port)}
    with served([str(build_go(HERE / "gin" / "main.go", folder))], port, environment) as server:
        figures = _drive(server, port, "/wechat", folder, options.seconds, CONNECTIONS)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS gin_inbox")
    print(f"gin,  {CONNECTIONS} connections  {figures}", flush=True)
    return figures


def _drive(server: Any, port: int, path: str, folder: Path, seconds: int, connections: int) -> Figures:
    """Loads the server with fresh pushes, each sent once."""
    pushes = folder / "pushes.tsv"
    write_pushes(pushes, count=seconds * MOST_A_SECOND)
    return drive(server, port, "callbacks.lua", seconds, connections, PUSHES=str(pushes), CALLBACK_PATH=path)


if __name__ == "__main__":
    sys.exit(main())
