"""Tests of the log of processes started as in the samples: all lines are JSON objects."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from celery import Celery
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from accounts.official.models import OfficialAccount
from bench.own_redis import OwnRedis
from config.embedded import PROJECT
from simulator.ports import free_port
from tests import worker_processes
from tests.operations.pushing import pushed_by_api
from tests.operations.test_parsers import instructions
from tests.pushes.test_faults import until
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db(transaction=True)

DEPLOY = PROJECT / "deploy"
Written = Callable[[], list[dict[str, Any]]]


def of_the_unit(name: str) -> list[str]:
    text = (DEPLOY / f"systemd/wechat-console-{name}.service").read_text()
    (command,) = re.findall(r"^ExecStart=\S*/(.*)$", text, re.M)
    return str(command).replace("%%", "%").split()


def of_compose(name: str) -> list[str]:
    return [*map(str, yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"][name]["command"])]


@contextmanager
def running(command: Sequence[str], folder: Path, **environment: str) -> Iterator[Written]:
    """The process, in production, and the lines it has written."""
    written = folder / "written"
    given = worker_processes.environment() | {"DEBUG": "0", "PYTHONWARNINGS": "ignore"} | environment
    with (
        written.open("wb") as file,
        subprocess.Popen(
            [sys.executable, "-m", *command], cwd=PROJECT, env=given, stdout=subprocess.DEVNULL, stderr=file
        ) as process,
    ):
        try:
            # The last line may be half written.
            yield lambda: [json.loads(line) for line in written.read_text().split("\n")[:-1]]
        finally:
            process.terminate()


def test_web_writes_objects_only_and_no_address(tmp_path: Path) -> None:
    """It does so for whatever is sent: no HTTP, the name of another host, a form without its cookie."""
    port = free_port()
    started = json.loads(dict(instructions())["CMD"])
    command = ["127.0.0.1" if each == "0.0.0.0" else each for each in started]
    command[command.index("8000")] = str(port)
    base = f"http://127.0.0.1:{port}"
    with running(command, tmp_path, PUBLIC_URL=base) as written:
        until(lambda: is_answered(f"{base}/healthz/live"))
        with socket.create_connection(("127.0.0.1", port)) as stranger:
            stranger.sendall(b"secret nonsense\r\n\r\n")
            stranger.recv(100)
        link = f"{base}/admin/welcome/MQ/secret-token/?next=/secret"
        answers = [requests.post(link), requests.get(link, headers={"Host": "elsewhere.example"})]
        assert [answer.status_code for answer in answers] == [403, 400]
        until(lambda: len(requests_in(written())) == 2)
        lines = written()
    assert all({"event", "level", "logger", "timestamp"} <= line.keys() for line in lines)
    events = [line["event"] for line in lines]
    assert "Invalid HTTP request received." in events
    assert "Forbidden (CSRF cookie not set.): /admin/welcome/<uidb64>/<token>/" in events
    assert [line["status"] for line in requests_in(lines)] == [403, 400]
    assert "secret" not in json.dumps(lines)


def requests_in(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == "request"]


def is_answered(address: str) -> bool:
    try:
        return requests.get(address, timeout=60).ok
    except requests.ConnectionError:
        return False


@pytest.mark.parametrize("command", [of_the_unit("worker-interactive"), of_compose("worker")])
def test_a_worker_tells_of_its_sends_and_not_of_each_time_it_is_woken(
    tmp_path: Path,
    redis: OwnRedis,
    account: OfficialAccount,
    simulated: Simulated,
    command: list[str],
) -> None:
    simulated.create_account(account)
    request_id = pushed_by_api(simulated, account, "oPhone")
    command[command.index("--concurrency") + 1] = "1"
    with running(command, tmp_path, CELERY_BROKER_URL=redis.url) as written:
        Celery(broker=redis.url).send_task("pushes.send", queue="interactive")
        until(lambda: any(line["event"] == "send" for line in written()))
        lines = written()
    (send,) = [line for line in lines if line["event"] == "send"]
    assert (send["request_id"], send["outcome"], send["account"]) == (request_id, "sent", "demo")
    assert [line for line in lines if line["logger"].startswith("celery")] == []


def test_beat_is_silent_while_all_is_well(tmp_path: Path, redis: OwnRedis) -> None:
    until(lambda: has_ticks(redis) is not None)
    with running(of_the_unit("beat"), tmp_path, CELERY_BROKER_URL=redis.url) as written:
        until(lambda: has_ticks(redis) is True)
        assert written() == []


def has_ticks(broker: OwnRedis) -> bool | None:
    """Returns whether a tick waits at the broker; None while that does not listen yet."""
    try:
        return bool(Redis.from_url(broker.url).exists("interactive"))
    except RedisConnectionError:
        return None
