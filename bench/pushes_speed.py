"""The benchmark of sending template messages: ``make bench ARGS='pushes_speed [--messages 20000]'``.

Two worker processes against the simulator, all on this machine, without latency and with 100 ms, compared
with a plain loop that calls ``requests.post`` for one message after the other, and one with wechatpy if it is
installed. The simulator's ledger decides how many messages arrived, and how often. Then the memory of a
worker while 10,000 and while 1,000,000 messages wait.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import django
import psutil
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from simulator.ports import free_port  # noqa: E402
from wechat.pushes.models import Push  # noqa: E402
from wechat.pushes.queueing import queue_many  # noqa: E402

APPID = "wx7d4e1f90ab23c586"
TEMPLATE = "Vq0demoNoticeTplAAAA1111bbbb2222cccc3333ddd"
PATH = "/cgi-bin/message/template/send"
KNOWN = {
    "template_id": TEMPLATE,
    "kind": "template",
    "title": "预约成功提醒",
    "content": "门店:{{thing4.DATA}}\n",
}
WORKERS = 2
WORKER = "import django; django.setup(); from bench.pushes_speed import work; work()"

ROWS = """
SELECT 'oBench' || lpad(n::text, 22, '0'),
    jsonb_build_object('type', 'template', 'values', jsonb_build_object('thing4', '天河店 ' || n)),
    %s || n, now() FROM generate_series(1, %s) AS n
"""


@dataclass(frozen=True)
class Speed:
    """The speed of sending. ``cpu`` is milliseconds a message, by workers, Postgres and the simulator."""

    per_second: float
    cpu: tuple[float, float, float]
    arrived: int
    twice: int

    def __str__(self) -> str:
        ours, postgres, simulator = self.cpu
        return (
            f"{self.per_second:>7,.0f} messages/s   CPU/message: workers {ours:.2f} ms, "
            f"Postgres {postgres:.2f} ms, simulator {simulator:.2f} ms   "
            f"arrived {self.arrived:,}, twice {self.twice}"
        )


class Bench:
    def __init__(self, base: str, simulator: psutil.Process) -> None:
        self.base, self.simulator = base, simulator
        self.account = OfficialAccount.objects.create(
            slug="speed", name="speed", appid=APPID, appsecret="s", token="speedtoken", mode="plain"
        )
        self.sim("/accounts", {"appid": APPID, "secret": "s", "token": "speedtoken"})
        self.runs = 0

    def sim(self, path: str, body: dict[str, object]) -> None:
        requests.post(f"{self.base}/_sim{path}", json=body, timeout=120).raise_for_status()

    def world(self, followers: int, latency_ms: float) -> None:
        """Resets the simulator to ``followers`` without messages, and calls that take ``latency_ms``."""
        self.sim("/reset", {"keep_accounts": True})
        openids = [f"oBench{number:022d}" for number in range(1, followers + 1)]
        self.sim(f"/accounts/{APPID}/followers", {"openids": openids})
        self.sim(f"/accounts/{APPID}/quota", {"api": PATH, "daily_limit": 10**9})
        self.sim(f"/accounts/{APPID}/templates", {"templates": [KNOWN]})
        if latency_ms:
            self.sim("/faults", {"api": PATH, "latency_ms": latency_ms})

    def queue(self, count: int) -> float:
        """Replaces all messages by ``count`` queued ones; returns the seconds that it took."""
        self.runs += 1
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE pushes_push CASCADE")
        started = time.perf_counter()
        queue_many(
            account=self.account,
            kind=Push.Kind.TEMPLATE,
            template=TEMPLATE,
            cause="bench",
            chosen=ROWS,
            parameters=[f"bench:{self.runs}:", count],
        )
        took = time.perf_counter() - started
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE pushes_push")
        return took

    def arrived(self) -> Counter[str]:
        ledger = requests.get(f"{self.base}/_sim/accounts/{APPID}/ledger", timeout=120).json()
        return Counter(entry["openid"] for entry in ledger["entries"])

    def enable(self, *, enabled: bool) -> None:
        """Enables or disables the account; messages of a disabled account wait."""
        OfficialAccount.objects.filter(pk=self.account.pk).update(enabled=enabled)

    def ours(self, messages: int, latency_ms: float, number_of_workers: int = WORKERS) -> Speed:
        self.world(messages, latency_ms)
        self.enable(enabled=False)
        self.queue(messages)
        with _workers(self.base, number_of_workers) as workers:
            before = self._cpus(workers)
            started = time.perf_counter()
            self.enable(enabled=True)
            while Push.objects.filter(state__in=["pending", "sending"]).exists():
                time.sleep(0.05)
            seconds = time.perf_counter() - started
            after = self._cpus(workers)
        ours, postgres, simulator = (
            1000 * (late - early) / messages for early, late in zip(before, after, strict=True)
        )
        got = self.arrived()
        twice = sum(each > 1 for each in got.values())
        return Speed(messages / seconds, (ours, postgres, simulator), len(got), twice)

    def _cpus(self, workers: list[psutil.Process]) -> tuple[float, float, float]:
        return sum(map(_cpu, workers)), _postgres_cpu(), _cpu(self.simulator)

    def loop(self, send: "Send", messages: int, latency_ms: float) -> float:
        """Returns the messages a second of a loop that sends one after the other."""
        self.world(messages, latency_ms)
        query = {"grant_type": "client_credential", "appid": APPID, "secret": "s"}
        token = requests.get(f"{self.base}/cgi-bin/token", query, timeout=10).json()["access_token"]
        started = time.perf_counter()
        for number in range(1, messages + 1):
            answer = send(self.base, token, f"oBench{number:022d}", {"thing4": {"value": f"天河店 {number}"}})
            assert answer["errcode"] == 0, answer
        return messages / (time.perf_counter() - started)

    def memory(self, waiting: int, seconds: float) -> float:
        """Returns the MB of a worker that has sent for ``seconds`` while ``waiting`` messages wait."""
        self.world(min(waiting, 50_000), 0)  # more messages than are sent meanwhile
        self.enable(enabled=False)
        took = self.queue(waiting)
        print(f"  {waiting:>9,} rows queued in {took:.1f} s")
        with _workers(self.base, 1) as (worker,):
            self.enable(enabled=True)
            time.sleep(seconds)
            sent = Push.objects.filter(state="sent").count()
            print(f"  {sent:>9,} sent in {seconds:.0f} s by one worker")
            return float(worker.memory_info().rss) / 2**20


def work() -> None:
    """Runs a worker, which prints when it is ready, then sends until it is stopped."""
    from wechat.kernel.work import run_all

    connection.ensure_connection()
    print("ready", flush=True)
    while True:
        if not run_all("pushes.send", "pushes.send_bulk"):
            time.sleep(0.05)


@contextmanager
def _workers(base: str, count: int) -> Iterator[list[psutil.Process]]:
    environment = os.environ | {"WECHAT_API_BASE": base}
    started = [
        subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stdout=subprocess.PIPE)
        for _ in range(count)
    ]
    try:
        for each in started:
            assert each.stdout
            assert each.stdout.readline() == b"ready\n"
        yield [psutil.Process(each.pid) for each in started]
    finally:
        for each in started:
            each.kill()
            each.wait()
            assert each.stdout
            each.stdout.close()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _postgres_cpu() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    server = psutil.Process(pid).parent()
    assert server
    ended = server.cpu_times()
    alive = sum(_cpu(each) for each in server.children())
    return alive + float(ended.children_user + ended.children_system)


@contextmanager
def simulated() -> Iterator[Bench]:
    """Runs a separate simulator with one account during the block."""
    port = free_port()
    running = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port)])
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(100):
            try:
                requests.get(f"{base}/_sim/health", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield Bench(base, psutil.Process(running.pid))
    finally:
        running.terminate()
        running.wait(15)


# Called with base URL, access token, OpenID and values; returns the platform's answer.
Send = Callable[[str, str, str, dict[str, Any]], dict[str, Any]]


def _by_requests(base: str, token: str, openid: str, values: dict[str, Any]) -> dict[str, Any]:
    body = {"touser": openid, "template_id": TEMPLATE, "data": values}
    data = json.dumps(body, ensure_ascii=False).encode()
    answer = requests.post(f"{base}{PATH}", data, params={"access_token": token}, timeout=10)
    return dict(answer.json())


def _by_wechatpy(wechatpy: Any) -> Send:
    clients: dict[str, Any] = {}

    def send(base: str, token: str, openid: str, values: dict[str, Any]) -> dict[str, Any]:
        if token not in clients:
            clients[token] = wechatpy.WeChatClient(APPID, "s", access_token=token)
            clients[token].API_BASE_URL = f"{base}/cgi-bin/"
        return dict(clients[token].message.send_template(openid, TEMPLATE, values))

    return send


def _loops() -> dict[str, Send]:
    """Returns the loops to compare with, by name, including one with wechatpy if it is installed."""
    installed = find_spec("wechatpy") is not None
    wechatpy = {"wechatpy": _by_wechatpy(import_module("wechatpy"))} if installed else {}
    return {"requests": _by_requests, **wechatpy}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--waiting", type=int, nargs="*", default=[10_000, 1_000_000])
    given = parser.parse_args()
    make_tables()
    OfficialAccount.objects.filter(slug="speed").delete()
    with simulated() as bench:
        for latency_ms in (0, 100):
            count = given.messages if latency_ms == 0 else given.messages // 2
            loops = {
                name: bench.loop(send, 1000 if latency_ms == 0 else 50, latency_ms)
                for name, send in _loops().items()
            }
            speed = bench.ours(count, latency_ms)
            print(f"{latency_ms:>3} ms  {speed}")
            for name, loop in loops.items():
                ratio = speed.per_second / loop
                print(f"        {loop:>7,.0f} messages/s in a loop over {name}; ratio {ratio:.1f}")
        memory = [bench.memory(waiting, 8) for waiting in given.waiting]
        print("memory of a worker: " + ", ".join(f"{each:.0f} MB" for each in memory))


if __name__ == "__main__":
    main()
