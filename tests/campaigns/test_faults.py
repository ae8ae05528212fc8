"""Tests of a campaign with killed workers and a restarting Redis: everybody gets it once, by the ledger."""

import random
import signal
import subprocess
import time
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest
from django.db.models import Value
from django.db.models.functions import Concat
from django.urls import reverse
from django.utils import timezone

from accounts.followers.models import Follower
from bench.own_redis import OwnRedis
from tests import worker_processes
from tests.campaigns.conftest import SEND, World, states
from tests.cast import Cast, signed_in
from tests.pushes.test_faults import until
from wechat.campaigns import transitions
from wechat.campaigns.models import Campaign
from wechat.kernel import work
from wechat.pushes import windows
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db(transaction=True)

RECIPIENTS = 3_000
KILLS = 5
# Short leases, so that the test does not wait two minutes for those of the dead.
WORKER = """
import datetime, time, django
django.setup()
from tests.working import send_due
from wechat.kernel import work
from wechat.kernel.work import KINDS
from wechat.pushes import claiming
claiming.LEASE = KINDS.get("campaigns.run").lease = datetime.timedelta(seconds=3)
KINDS.get("pushes.send_bulk").seconds = 0.3
while True:
    work.run("campaigns.run")
    send_due()
    time.sleep(0.05)
"""


def worker(redis: OwnRedis) -> AbstractContextManager["subprocess.Popen[bytes]"]:
    return worker_processes.running(WORKER, REDIS_URL=redis.url)


def over(campaign: Campaign) -> bool:
    campaign.refresh_from_db()
    return campaign.state == Campaign.State.DONE


def sent_under_fire(campaign: Campaign, redis: OwnRedis, kills: int = KILLS) -> int:
    """Sends until it is over, by workers some of which are killed at random, and Redis twice.

    Returns how many kills there were.
    """
    killed, ends = 0, time.monotonic() + 300
    with ExitStack() as alive:
        while killed < kills and not over(campaign) and time.monotonic() < ends:
            doomed = alive.enter_context(worker(redis))
            _wait_for_progress(campaign, ends)
            time.sleep(random.uniform(0.05, 0.5))
            until(lambda: over(campaign) or Push.objects.filter(state="sending").exists())
            doomed.send_signal(signal.SIGKILL)
            killed += 1
            if killed in (2, 4):
                redis.stop()
                redis.start()
        alive.enter_context(worker(redis))
        while not over(campaign) and time.monotonic() < ends:
            time.sleep(0.1)
    return killed


def _wait_for_progress(campaign: Campaign, ends: float) -> None:
    started = Push.objects.filter(state="sent").count()
    while Push.objects.filter(state="sent").count() == started and time.monotonic() < ends:
        if over(campaign):
            return
        time.sleep(0.02)


def test_everybody_has_it_once_though_workers_are_killed(world: World, redis: OwnRedis) -> None:
    openids = [f"oFault{number:04d}" for number in range(RECIPIENTS)]
    world.follow(*openids)
    world.simulated.sim("/faults", {"api": SEND, "latency_ms": 150})
    campaign = world.approved(world.campaign())
    assert sent_under_fire(campaign, redis) >= 3
    got = world.received()
    assert sorted(got) == openids, "somebody is missing"
    assert set(got.values()) == {1}, "somebody has it twice"
    assert states(campaign) == {"sent": RECIPIENTS}
    assert Push.objects.filter(attempts__gt=1).exists(), "no kill found a message on its way"


def test_who_was_being_written_to_at_a_kill_is_listed_as_uncertain_by_name(
    world: World, redis: OwnRedis, staff: Cast
) -> None:
    openids = [f"oFault{number:04d}" for number in range(200)]
    world.follow(*openids)
    Follower.objects.filter(account=world.account).update(remark=Concat(Value("客人 "), "openid"))
    for openid in openids:
        world.sim(f"/events/{openid}", {"type": "text", "content": "在吗"})
        windows.grant(world.account, openid, windows.Trigger.MESSAGE, timezone.now())
    # One answer that stays away for longer than it takes to find it and to kill who waits for it.
    lost = {"api": "/cgi-bin/message/custom/send", "latency_ms": 9_000, "times": 1}
    world.simulated.sim("/faults", lost)
    campaign = world.approved(world.campaign(way="service"))
    with worker(redis) as doomed:
        until(lambda: Push.objects.filter(state="sending").exists())
        doomed.send_signal(signal.SIGKILL)
    with worker(redis):
        until(lambda: over(campaign))
    uncertain = set(campaign.recipients.filter(push__state="uncertain").values_list("openid", flat=True))
    assert uncertain, "the kill found nothing on its way"
    assert set(world.received().values()) == {1}, "somebody has it twice"
    assert set(openids) - set(world.received()) <= uncertain, "somebody is missing and not listed"
    client, only = signed_in(staff.owner), "?state=uncertain"
    page = client.get(reverse("admin:campaigns_recipients", args=[campaign.pk]) + only)
    named = {str(row["person"]) for row in page.context["rows"]}
    assert named, "the page names nobody"
    assert named <= {f"客人 {openid}" for openid in uncertain}
    answer: Any = client.post(reverse("admin:campaigns_recipients_csv", args=[campaign.pk]) + only)
    listed = b"".join(answer.streaming_content).decode().splitlines()[1:]
    assert {line.partition(",")[0] for line in listed} == uncertain


def test_pausing_and_going_on_again_and_again_loses_and_repeats_nobody(world: World, redis: OwnRedis) -> None:
    openids = [f"oFault{number:04d}" for number in range(600)]
    world.follow(*openids)
    world.simulated.sim("/faults", {"api": SEND, "latency_ms": 100})
    campaign = world.approved(world.campaign())
    work.run("campaigns.run")
    with worker(redis), worker(redis):
        for _time in range(4):
            time.sleep(0.6)
            campaign.refresh_from_db()
            transitions.pause(campaign)
            transitions.resume(campaign)
        ends = time.monotonic() + 300
        while not over(campaign) and time.monotonic() < ends:
            time.sleep(0.1)
    assert dict(world.received()) == dict.fromkeys(openids, 1)
