"""Workers that are killed in the middle, and a Redis that restarts: the platform's ledger is the judge."""

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack

import pytest
import requests
from django.utils import timezone

from accounts.official.models import OfficialAccount
from bench.own_redis import OwnRedis
from tests import worker_processes
from tests.simulated import Simulated
from tests.working import send_due
from wechat.pushes import windows
from wechat.pushes.models import Push
from wechat.pushes.queueing import queue, queue_many
from wechat.pushes.windows import Trigger
from wechat.sdk.content import Text

pytestmark = pytest.mark.django_db(transaction=True)

State, Reason, Kind = Push.State, Push.Reason, Push.Kind
TEMPLATE = {
    "template_id": "Vq0demo",
    "kind": "template",
    "title": "预约",
    "content": "门店:{{thing4.DATA}}\n",
}
RECIPIENTS = 1000
KILLS = 3
# Leases of three seconds, so that the test does not wait two minutes for those of the dead.
WORKER = """
import datetime, time, django
django.setup()
from tests.working import send_due
from wechat.pushes import claiming
claiming.LEASE = datetime.timedelta(seconds=3)
while True:
    send_due()
    time.sleep(0.05)
"""


def worker(redis: OwnRedis) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    return worker_processes.running(WORKER, REDIS_URL=redis.url)


def slow(simulated: Simulated, api: str) -> None:
    """Makes calls take long enough for a kill to find some on their way."""
    simulated.sim("/faults", {"api": api, "latency_ms": 150})


def received(simulated: Simulated, account: OfficialAccount) -> Counter[str]:
    ledger = requests.get(f"{simulated.base}/_sim/accounts/{account.appid}/ledger", timeout=60).json()
    return Counter(entry["openid"] for entry in ledger["entries"] if entry["via"] != "system")


def still_open() -> int:
    return Push.objects.filter(due_at__isnull=False).count()


def until(happened: Callable[[], bool], seconds: float = 300) -> None:
    """Returns when it happened; a machine that does not get there in so many seconds fails."""
    ends = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.02)


def sent_under_fire(redis: OwnRedis, kills: int) -> int:
    """Sends until nothing is left, by workers some of which are killed at random, and Redis once.

    Returns how many kills there were.
    """
    killed, ends = 0, time.monotonic() + 300
    with ExitStack() as running:
        while killed < kills and still_open() and time.monotonic() < ends:
            doomed = running.enter_context(worker(redis))
            _wait_for_progress(ends)
            time.sleep(random.uniform(0.05, 0.5))
            until(lambda: not still_open() or Push.objects.filter(state=State.SENDING).exists())
            doomed.send_signal(signal.SIGKILL)
            killed += 1
            if killed == 2:
                redis.stop()
                redis.start()
        running.enter_context(worker(redis))
        while still_open() and time.monotonic() < ends:
            time.sleep(0.05)
    return killed


def _wait_for_progress(ends: float) -> None:
    started = still_open()
    while still_open() == started and time.monotonic() < ends:
        time.sleep(0.02)


def test_template_messages_reach_everybody_once_though_workers_are_killed(
    simulated: Simulated, account: OfficialAccount, redis: OwnRedis
) -> None:
    simulated.create_account(account, callback_url="")
    openids = [f"oFault{number:04d}" for number in range(RECIPIENTS)]
    simulated.sim(f"/accounts/{account.appid}/followers", {"openids": openids})
    simulated.sim(f"/accounts/{account.appid}/templates", {"templates": [TEMPLATE]})
    slow(simulated, "/cgi-bin/message/template/send")
    rows = """
        SELECT 'oFault' || lpad(n::text, 4, '0'), '{"values": {"thing4": "天河店"}}'::jsonb,
            'fault:' || n, now()
        FROM generate_series(0, %s - 1) AS n
    """
    queue_many(
        account=account, kind=Kind.TEMPLATE, template="Vq0demo", cause="campaign:1", chosen=rows,
        parameters=[RECIPIENTS],
    )  # fmt: skip
    assert sent_under_fire(redis, KILLS) >= 2
    got = received(simulated, account)
    assert sorted(got) == openids, "somebody is missing"
    assert set(got.values()) == {1}, "somebody has it twice"
    assert set(Push.objects.values_list("state", flat=True)) == {State.SENT}
    assert Push.objects.filter(attempts__gt=1).exists(), "no kill found a message on its way"


def test_customer_service_messages_in_flight_at_a_kill_are_uncertain_by_name(
    simulated: Simulated, account: OfficialAccount, redis: OwnRedis
) -> None:
    simulated.create_account(account, callback_url="")
    # One answer that stays away for longer than it takes to find it and to kill who waits for it.
    lost = {"api": "/cgi-bin/message/custom/send", "latency_ms": 9_000, "times": 1}
    simulated.sim("/faults", lost)
    openids = [f"oService{number:03d}" for number in range(150)]
    for openid in openids:
        simulated.sim(f"/accounts/{account.appid}/events/{openid}", {"type": "text", "content": "在吗"})
        windows.grant(account, openid, Trigger.MESSAGE, timezone.now())
        queue(account=account, openid=openid, content=Text("在"), key=f"service:{openid}")
    with worker(redis) as doomed:
        until(lambda: Push.objects.filter(state=State.SENDING).exists())
        doomed.send_signal(signal.SIGKILL)
    with worker(redis):
        until(lambda: not still_open())
    got = received(simulated, account)
    states = dict(Push.objects.values_list("openid", "state"))
    uncertain = {openid for openid, state in states.items() if state == State.UNCERTAIN}
    assert uncertain, "the kill found nothing on its way"
    assert set(states.values()) == {State.SENT, State.UNCERTAIN}
    assert set(got.values()) == {1}, "somebody has it twice"
    assert {openid for openid, state in states.items() if state == State.SENT} == set(got) - uncertain
    assert set(Push.objects.filter(state=State.UNCERTAIN).values_list("reason", flat=True)) <= {
        Reason.INTERRUPTED, Reason.NO_ANSWER,
    }  # fmt: skip
    assert send_due() == 0, "what is uncertain waits for a person"
