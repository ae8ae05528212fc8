"""Tests of beat and a worker on two machines: a broker that restarts, and clocks that differ."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from celery import Celery
from redis import Redis

from bench.own_redis import OwnRedis
from config.embedded import PROJECT
from tests import worker_processes
from tests.config.amqp_broker import Broker
from wechat.kernel import tasks, work

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 240
BEAT = (sys.executable, "-m", "celery", "--quiet", "-A", "config.beat", "beat")
# Names each task it has done, on a line of its own.
WORKER = """
import os, sys, django
django.setup()
from celery.bin.celery import main
from celery.signals import task_success

@task_success.connect(weak=False)
def report(sender, **arguments):
    os.write(1, f"done {sender.name}\\n".encode())  # a worker makes log lines of what is printed

sys.argv = ["celery", "--quiet", "-A", "config", "worker", "--pool", "solo"]
main()
"""


@contextmanager
def running(*command: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Runs a process of ours on the test's database; it ends with the block, or when patience does."""
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        env=worker_processes.environment() | environment,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        end = threading.Timer(PATIENCE_SECONDS, process.kill)
        end.start()
        try:
            yield process
        finally:
            end.cancel()
            process.kill()


@pytest.fixture
def broker() -> Iterator[Broker]:
    broker = Broker()
    yield broker
    broker.stop()


@pytest.mark.parametrize("application", ["config.beat", "config"])
def test_beat_ticks_with_either_application(broker: Broker, application: str) -> None:
    url = f"amqp://guest:guest@127.0.0.1:{broker.port}//"
    command = [application if each == "config.beat" else each for each in BEAT]
    with running(*command, CELERY_BROKER_URL=url):
        assert broker.published.acquire(timeout=PATIENCE_SECONDS)


def test_a_broker_that_was_killed_and_comes_back_gets_ticks_again(broker: Broker) -> None:
    url = f"amqp://guest:guest@127.0.0.1:{broker.port}//"
    with running(*BEAT, CELERY_BROKER_URL=url):
        assert broker.published.acquire(timeout=PATIENCE_SECONDS)
        broker.stop()
        while broker.published.acquire(blocking=False):
            pass
        broker.start()
        for _ in range(3):
            assert broker.published.acquire(timeout=PATIENCE_SECONDS)


@pytest.mark.parametrize("seconds", [3, -3, 86_400])
def test_a_worker_whose_clock_differs_takes_the_ticks_of_beat(redis: OwnRedis, seconds: int) -> None:
    days = float(os.environ.get("TEST_CLOCK_DAYS", "0")) + seconds / 86_400
    elsewhere = {"PYTHONPATH": str(PROJECT / "tests/clock"), "TEST_CLOCK_DAYS": str(days)}
    beat = running(*BEAT, CELERY_BROKER_URL=redis.url)
    worker = running(sys.executable, "-c", WORKER, CELERY_BROKER_URL=redis.url, **elsewhere)
    with beat, worker as heard:
        assert heard.stdout is not None
        assert "done kernel.tick\n" in heard.stdout


def test_workers_do_not_listen_to_each_other(redis: OwnRedis) -> None:
    Celery(broker=redis.url).send_task("kernel.tick", queue=work.INTERACTIVE)
    with running(sys.executable, "-c", WORKER, CELERY_BROKER_URL=redis.url) as heard:
        assert heard.stdout is not None
        assert "done kernel.tick\n" in heard.stdout
        assert not Redis.from_url(redis.url).exists("_kombu.binding.celeryev")


def test_ticks_that_waited_for_a_worker_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    kind = work.KINDS.get("inbox.react")
    monkeypatch.setattr(kind, "is_due", lambda: looks.append("looked"))
    monkeypatch.setattr(tasks, "PAUSE_SECONDS", 3600)
    monkeypatch.setattr(tasks, "_looked_at", float("-inf"))
    for _ in range(100):
        tasks.tick()
    assert looks == ["looked"]


def test_work_that_somebody_waits_for_leaves_the_other_its_turns_however_much_there_is(
    redis: OwnRedis,
) -> None:
    sender = Celery(broker=redis.url)
    for _number in range(20):
        sender.send_task("inbox.react", queue=work.INTERACTIVE)
    sender.send_task("pushes.send_bulk", queue=work.BULK)
    with running(sys.executable, "-c", WORKER, CELERY_BROKER_URL=redis.url) as heard:
        assert heard.stdout is not None
        names = (line.split()[1] for line in heard.stdout if line.startswith("done "))
        done = [next(names) for _number in range(5)]
    assert done.count("inbox.react") == 4, "and the bulk one, which is behind twenty of them"
