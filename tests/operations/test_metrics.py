"""Tests of ``/metrics``, for this process and for others on the machine."""

import asyncio
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest
import requests
from celery import Celery
from django.db import OperationalError
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from bench.own_redis import OwnRedis
from config import health, metrics
from simulator.ports import free_port
from tests.asgi import exchange
from tests.callbacks import post
from tests.config.test_beat import running
from tests.config.test_health import database_at as database_at
from tests.config.test_health import silent as silent
from tests.platform import Platform
from tests.working import react_to_due
from wechat.kernel import exposition, tasks
from wechat.kernel.counter_files import collected
from wechat.kernel.exposition import GaugeGroup, Store

pytestmark = pytest.mark.django_db(transaction=True)

COUNTS = """
import sys
from prometheus_client import Counter, Histogram
Counter("orders", "", ["kind"]).labels("a").inc(int(sys.argv[1]))
Histogram("waited", "", buckets=(1, 2)).observe(1.5)
"""
FAILED = "wechat_gauges_failed"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def read(text: str) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape() -> Samples:
    # As Prometheus asks a pod, by its address.
    got = asyncio.run(exchange("GET", "/metrics", verbatim={"host": "10.1.2.3:8000"}))
    assert got.status == 200
    return read(got.body.decode())


def in_a_process(code: str, folder: Path, *arguments: str) -> None:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)}
    subprocess.run([sys.executable, "-c", code, *arguments], env=environment, check=True)


def summed(folder: Path) -> Samples:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in collected(folder)
        for sample in metric.samples
    }


def test_a_callback_and_what_becomes_of_it_are_counted(account: OfficialAccount, platform: Platform) -> None:
    path = (("method", "POST"), ("path", "/wechat/<slug>/callback"), ("status", "200"))
    before = scrape()
    post(platform.safe(platform.text("hi")))
    due = ("wechat_work_due", (("queue", "interactive"), ("work", "inbox.react")))
    assert scrape()[due] == 1
    react_to_due()
    after = scrape()
    assert after["wechat_requests_total", path] == before.get(("wechat_requests_total", path), 0) + 1
    assert after[due] == 0
    rows = ("wechat_work_rows_total", (("work", "inbox.react"),))
    assert after[rows] == before.get(rows, 0) + 1


def test_the_age_of_the_last_tick_is_told() -> None:
    tasks.tick()
    assert scrape()["wechat_tick_age_seconds", ()] >= 0


def test_a_store_that_is_away_takes_only_its_own_numbers_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> NoReturn:
        raise OperationalError

    group = GaugeGroup(Store.POSTGRES, away)
    monkeypatch.setitem(exposition.GAUGES._known, "work", group)
    samples = scrape()
    assert samples["wechat_gauges_failed", (("group", "work"),)] == 1
    assert samples["wechat_gauges_failed", (("group", "spool"),)] == 0
    assert not any(name == "wechat_work_due" for name, _labels in samples)


def test_a_postgres_that_says_nothing_takes_only_its_own_numbers_with_it(
    database_at: Any, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks.tick()
    monkeypatch.setattr(health.PROBES["postgres"], "_answer", None)
    monkeypatch.setattr(metrics, "SILENT_SECONDS", 0.2)
    database_at(silent)
    samples = scrape()
    failed = {dict(labels)["group"] for (name, labels), value in samples.items() if name == FAILED and value}
    assert failed == {*exposition.GAUGES.names()} - {"tick", "spool"}
    assert samples["wechat_tick_age_seconds", ()] >= 0


def test_without_redis_the_rest_is_told(settings: Settings) -> None:
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }
    samples = scrape()
    assert samples["wechat_gauges_failed", (("group", "spool"),)] == 1
    assert samples["wechat_gauges_failed", (("group", "work"),)] == 0


def test_what_ended_processes_counted_stays_and_their_files_go(tmp_path: Path) -> None:
    for count in ("1", "2", "3"):
        in_a_process(COUNTS, tmp_path, count)
    assert summed(tmp_path)["orders_total", (("kind", "a"),)] == 6
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["counter_0.db", "histogram_0.db"]
    in_a_process(COUNTS, tmp_path, "4")
    after = summed(tmp_path)
    assert after["orders_total", (("kind", "a"),)] == 10
    assert after["waited_count", ()] == 4
    assert after["waited_bucket", (("le", "2.0"),)] == 4


def test_nobody_adds_up_files_that_are_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another web process, asked at the same moment, would have the sums fall, or its scrape fail."""
    read_all: Any = MultiProcessCollector.merge

    def while_another_asks(files: list[str], accumulate: bool) -> Any:
        with (tmp_path / "lock").open("a") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return read_all(files, accumulate)

    monkeypatch.setattr(MultiProcessCollector, "merge", while_another_asks)
    in_a_process(COUNTS, tmp_path, "1")
    assert summed(tmp_path)["orders_total", (("kind", "a"),)] == 1


def test_the_files_of_a_process_that_lives_stay(tmp_path: Path) -> None:
    """A file of it that is still empty, as every file is on a full disk, does not hinder the others."""
    in_a_process(COUNTS, tmp_path, "1")
    own, ended = tmp_path / f"counter_{os.getpid()}.db", tmp_path / "counter_4194305.db"
    own.touch()
    ended.touch()
    assert summed(tmp_path)["orders_total", (("kind", "a"),)] == 1
    assert (own.exists(), ended.exists()) == (True, False)


def test_a_worker_of_its_own_tells_what_its_processes_counted(tmp_path: Path, redis: OwnRedis) -> None:
    port = free_port()
    command = (
        *(sys.executable, "-m", "celery", "--quiet", "-A", "config", "worker"),
        *("--queues", "interactive", "--concurrency", "1"),
    )
    environment = {"CELERY_BROKER_URL": redis.url, "METRICS_PORT": str(port)}
    turn = ("wechat_work_turn_seconds_count", (("work", "inbox.react"),))
    # Patience ends the worker, and the next question with it.
    with running(*command, **environment, PROMETHEUS_MULTIPROC_DIR=str(tmp_path)) as worker:
        Celery(broker=redis.url).send_task("inbox.react", queue="interactive")
        while read(metrics_of(worker, port)).get(turn) != 1:
            pass


def metrics_of(worker: "subprocess.Popen[str]", port: int) -> str:
    while worker.poll() is None:
        try:
            return requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30).text
        except requests.ConnectionError:
            time.sleep(0.1)  # it has not begun to listen yet
    raise AssertionError("the worker ended")
