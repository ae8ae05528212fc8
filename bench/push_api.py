"""The benchmark of push requests by business systems: ``make bench ARGS=push_api``.

``POST /api/v1/push``: each request is signed, has its own nonce and Idempotency-Key, and is answered after
its rows are committed: one message a request with 64 connections and with one, then 1,000 messages a request.
Two processes (``--workers``), with generator, Postgres and Redis on the same machine. Checks that no message
is lost or duplicate. If Go is installed, it is compared with the usual subject of such load tests: Gin that
checks the same signature and puts the message into a queue in Redis, from which a database gets it later.
"""

import argparse
import hashlib
import hmac
import json
import os
import shutil
import sys
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from bench.web import HERE, Figures, build_go, drive, is_go_here, served, web_command  # noqa: E402
from simulator.ports import free_port  # noqa: E402
from wechat.api.models import ApiClient, KeptAnswer  # noqa: E402
from wechat.pushes.models import Push, Template  # noqa: E402

PATH = "/api/v1/push"
TEMPLATE = "Vq0demoNoticeTplAAAA1111bbbb2222cccc3333ddd"
WORDING = "门店:{{thing1.DATA}}\n时间:{{time2.DATA}}\n单号:{{character_string3.DATA}}\n"
CONNECTIONS = 64
MANY = 1000
MOST_A_SECOND, MOST_OF_GIN = 16_000, 40_000
GIN = ["github.com/gin-gonic/gin", "github.com/gomodule/redigo"]


class Bench:
    def __init__(self, folder: Path, workers: int) -> None:
        self.requests, self.folder, self.workers = folder / "requests.tsv", folder, workers
        ApiClient.objects.filter(name="bench").delete()
        OfficialAccount.objects.filter(slug="bench").delete()
        self.account = OfficialAccount.objects.create(
            slug="bench", name="bench", appid="wx7d4e1f90ab23c586", token="benchtoken", mode="plain"
        )
        Template.objects.create(
            account=self.account, kind="template", platform_id=TEMPLATE, title="预约成功", content=WORDING
        )
        self.client = ApiClient(name="bench", scopes=["push:write"], per_minute=60_000_000)
        self.secret = self.client.make_secret()
        self.client.save()
        self.client.accounts.set([self.account])

    def ours(self, seconds: int) -> tuple[Figures, Figures]:
        """Measures requests with one message each, and requests with many. Returns the figures of both."""
        port = free_port()
        with served(web_command(port, self.workers), port, {"DEBUG": "0", "SECRET_KEY": "bench"}) as server:
            self._drive(server, port, 3, CONNECTIONS)  # after this, all workers have imported everything
            single = self._checked(server, port, seconds, CONNECTIONS)
            lone = self._drive(server, port, 3, 1)
            print(f"ours, {CONNECTIONS} connections           {single}")
            print(f"ours, 1 connection             {lone}", flush=True)
            many = self._checked(server, port, seconds, 8, MANY)
        print(f"ours, 8 connections, of {MANY:,}   {many}   {many.rps * MANY:,.0f} messages/s", flush=True)
        return single, many

    def gin(self, seconds: int) -> Figures:
        port = free_port()
        environment = {
            "REDIS": settings.REDIS_URL,
            "PORT": str(port),
            "KEY": self.client.key_id,
            "SECRET": self.secret,
        }
        command = [str(build_go(HERE / "gin_push" / "main.go", self.folder))]
        with served(command, port, environment) as server:
            figures = self._drive(server, port, seconds, CONNECTIONS, most=MOST_OF_GIN)
        print(f"gin,  {CONNECTIONS} connections           {figures}", flush=True)
        return figures

    def _checked(self, server: Any, port: int, seconds: int, connections: int, size: int = 1) -> Figures:
        before = _settled()
        figures = self._drive(server, port, seconds, connections, size)
        rows, kept = (late - early for early, late in zip(before, _settled(), strict=True))
        spare = 2 * connections  # requests in flight at the end
        if figures.refused or rows != kept * size or not figures.accepted <= kept <= figures.accepted + spare:
            raise SystemExit(f"{figures}: refused {figures.refused}, {rows} rows, {kept} kept answers")
        return figures

    def _drive(
        self,
        server: Any,
        port: int,
        seconds: int,
        connections: int,
        size: int = 1,
        *,
        most: int = MOST_A_SECOND,
    ) -> Figures:
        self._write(seconds * max(most // size, 40), size)
        environment = {"PUSH_PATH": PATH, "CLIENT_KEY": self.client.key_id, "REQUESTS": str(self.requests)}
        return drive(server, port, "push_api.lua", seconds, connections, **environment)

    def _write(self, count: int, size: int) -> None:
        with self.requests.open("w") as file:
            file.writelines(f"{self._request(number, size)}\n" for number in range(count))

    def _request(self, number: int, size: int) -> str:
        messages = [_message(number * size + each) for each in range(size)]
        body = json.dumps(messages[0] if size == 1 else {"messages": messages}, ensure_ascii=False)
        timestamp, nonce = str(int(time.time())), uuid.uuid4().hex
        digest = hashlib.sha256(body.encode()).hexdigest()
        text = "\n".join(["POST", PATH, "", timestamp, nonce, digest])
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        return "\t".join([timestamp, nonce, signature, uuid.uuid4().hex, body])


def _settled() -> tuple[int, int]:
    """Waits until all requests are answered; returns the numbers of stored messages and of stored answers."""
    time.sleep(0.5)
    while KeptAnswer.objects.filter(status=None).exists():
        time.sleep(0.1)
    return Push.objects.count(), KeptAnswer.objects.count()


def _message(number: int) -> dict[str, Any]:
    return {
        "to": f"oBench{number:022d}",
        "template": TEMPLATE,
        "values": {"thing1": "天河店", "time2": "2026-02-07 10:00", "character_string3": f"A{number}"},
        "url": f"https://shop.example.com/orders/{number}",
        "reference": f"order-{number}",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3, help="of both, in turns; the median counts")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.stderr.write("This benchmark drives the server with wrk: apt-get install wrk\n")
        return 1
    make_tables()
    with_gin = is_go_here(*GIN)
    single, many, ratios = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), options.workers)
        for _ in range(options.rounds):
            one, thousand = bench.ours(options.seconds)
            single.append(one)
            many.append(thousand)
            if with_gin:
                ratios.append(one.rps / bench.gin(options.seconds).rps)
    print(
        f"\none message a request: {median(each.rps for each in single):,.0f} req/s, "
        f"p99 {median(each.p99 for each in single):.0f} ms; "
        f"{MANY:,} a request: {median(each.rps for each in many) * MANY:,.0f} messages/s"
    )
    if ratios:
        shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"ratio to Gin with a queue in Redis, one message a request: {median(ratios):.2f} ({shown})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
