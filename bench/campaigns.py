"""The benchmark of campaigns: the audience of 1,000,000, and sending 100,000 under faults.

Run by ``make bench ARGS=campaigns``; ``--recipients`` and ``--audience`` reduce the numbers. Workers are
killed every few seconds and Redis is restarted twice; the simulator's ledger says who received the message,
and how often. ``--way service`` sends customer-service messages, which the platform would send twice: exactly
the sends in progress at a kill must be marked as uncertain.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import django
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from bench.own_redis import OwnRedis  # noqa: E402
from simulator.ports import free_port  # noqa: E402
from wechat.campaigns import counters, transitions  # noqa: E402
from wechat.campaigns.models import Campaign, Variant  # noqa: E402
from wechat.kernel import work  # noqa: E402
from wechat.pushes.models import Template  # noqa: E402

APPID = "wx7d4e1f90ab23c586"
PATHS = {"template": "/cgi-bin/message/template/send", "service": "/cgi-bin/message/custom/send"}
KNOWN = {"template_id": "Vq0bench", "kind": "template", "title": "预约", "content": "门店:{{thing4.DATA}}\n"}
WORKERS = 2
WORKER = """
import datetime, time, django
django.setup()
from wechat.kernel import work
from wechat.kernel.work import KINDS
from wechat.pushes import claiming
claiming.LEASE = KINDS.get("campaigns.run").lease = datetime.timedelta(seconds=10)
KINDS.get("pushes.send_bulk").seconds = 1.0
while True:
    work.run("campaigns.run")
    work.run("pushes.send_bulk")
    time.sleep(0.05)
"""
FOLLOWERS = """
INSERT INTO followers_follower
    (account_id, openid, unionid, subscribed, subscribe_scene, last_seen_kind, remark)
SELECT %s, 'oBench' || lpad(n::text, 22, '0'), '', true, '', '', '' FROM generate_series(1, %s) AS n
"""
WROTE = """
INSERT INTO pushes_sendwindow (account_id, openid, trigger, "left", expires_at, granted_at)
SELECT %s, 'oBench' || lpad(n::text, 22, '0'), 'message', 5, now() + interval '2 days', now()
FROM generate_series(1, %s) AS n
"""


def account(slug: str, followers: int) -> OfficialAccount:
    made = OfficialAccount.objects.create(
        slug=slug, name=slug, appid=APPID if slug == "fire" else f"wx{random.getrandbits(64):016x}",
        appsecret="s", token="campaigntoken", mode="plain",
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWERS, [made.pk, followers])
        cursor.execute("VACUUM ANALYZE followers_follower")
    return made


def approved(owner: OfficialAccount, way: str = "either") -> Campaign:
    template = Template.objects.create(
        account=owner, kind="template", platform_id="Vq0bench", title="预约", content=KNOWN["content"]
    )
    now = timezone.now()
    campaign = Campaign.objects.create(
        account=owner, name="bench", way=way, template=template, state="scheduled", cap_days=30,
        approved_at=now, due_at=now,
    )  # fmt: skip
    for letter in "AB":
        Variant.objects.create(
            campaign=campaign, letter=letter, values={"thing4": letter},
            content={"type": "text", "content": letter},
        )  # fmt: skip
    return campaign


def snapshot(audience: int) -> None:
    campaign = approved(account("large", audience))
    Campaign.objects.filter(pk=campaign.pk).update(state="draft", approved_at=None, due_at=None)
    for time_number in (1, 2):
        campaign.refresh_from_db()
        transitions.check(campaign)
        started = time.perf_counter()
        work.run("campaigns.run")
        took = time.perf_counter() - started
        campaign.refresh_from_db()
        count = counters.Tally.of(campaign).number()
        print(f"worked out {count:>9,} recipients, time {time_number}: {took:6.1f} s", flush=True)
    started = time.perf_counter()
    counters.counted(campaign)
    print(f"counted them by state and reason:             {time.perf_counter() - started:6.2f} s", flush=True)


@contextmanager
def worker(base: str, redis: OwnRedis) -> Iterator["subprocess.Popen[bytes]"]:
    environment = os.environ | {
        "REDIS_URL": f"redis://127.0.0.1:{redis.port}/0",
        "WECHAT_API_BASE": base,
    }
    process = subprocess.Popen([sys.executable, "-c", WORKER], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def create_in_simulator(base: str, owner: OfficialAccount, options: argparse.Namespace) -> None:
    """Creates the account and its followers in the simulator; for customer service they have just written."""

    def sim(path: str, body: dict[str, object]) -> None:
        requests.post(f"{base}/_sim{path}", json=body, timeout=120).raise_for_status()

    openids = [f"oBench{n:022d}" for n in range(1, options.recipients + 1)]
    sim("/accounts", {"appid": APPID, "secret": "s", "token": "campaigntoken"})
    sim(f"/accounts/{APPID}/followers", {"openids": openids})
    sim(f"/accounts/{APPID}/templates", {"templates": [KNOWN]})
    if options.way == "service":
        for openid in openids:
            sim(f"/accounts/{APPID}/events/{openid}", {"type": "text", "content": "在吗"})
        with connection.cursor() as cursor:
            cursor.execute(WROTE, [owner.pk, options.recipients])
    path = PATHS[options.way]
    sim(f"/accounts/{APPID}/quota", {"api": path, "daily_limit": 10**9})
    sim("/faults", {"api": path, "latency_ms": options.latency_ms})


def send_while_killing(base: str, options: argparse.Namespace) -> bool:
    owner = account("fire", options.recipients)
    create_in_simulator(base, owner, options)
    campaign, kills = approved(owner, options.way), 0
    started, ends = time.monotonic(), time.monotonic() + options.minutes * 60
    with ExitStack() as alive:
        redis = OwnRedis()
        alive.callback(redis.stop)
        workers = [alive.enter_context(worker(base, redis)) for _number in range(WORKERS)]
        while not _over(campaign) and time.monotonic() < ends:
            time.sleep(random.uniform(2, 5))
            doomed = workers.pop(random.randrange(WORKERS))
            doomed.send_signal(signal.SIGKILL)
            workers.append(alive.enter_context(worker(base, redis)))
            kills += 1
            if kills in (3, 6):
                redis.stop()
                redis.start()
    print(
        f"{options.recipients:,} recipients in {time.monotonic() - started:,.0f} s, {kills} workers killed, "
        f"Redis restarted {min(2, kills // 3)} times: state {campaign.state}, ",
        end="",
    )
    return is_ledger_right(base, campaign, options.recipients) and campaign.state == Campaign.State.DONE


def is_ledger_right(base: str, campaign: Campaign, recipients: int) -> bool:
    """Returns whether the ledger is as expected: nobody received the message twice, and nobody lacks it
    except those whose send is marked as uncertain.
    """
    ledger = requests.get(f"{base}/_sim/accounts/{APPID}/ledger", timeout=300).json()
    got = Counter(entry["openid"] for entry in ledger["entries"] if entry["via"] != "system")
    uncertain = set(campaign.recipients.filter(push__state="uncertain").values_list("openid", flat=True))
    missing = {f"oBench{n:022d}" for n in range(1, recipients + 1)} - set(got)
    twice = sum(each > 1 for each in got.values())
    print(
        f"twice {twice}, missing {len(missing - uncertain)}, uncertain by name {len(uncertain)} "
        f"(of whom {len(uncertain & set(got))} have it)",
        flush=True,
    )
    return not twice and missing <= uncertain


def _over(campaign: Campaign) -> bool:
    campaign.refresh_from_db()
    return campaign.state == Campaign.State.DONE


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--audience", type=int, default=1_000_000)
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--latency-ms", type=float, default=20)
    parser.add_argument("--way", choices=list(PATHS), default="template")
    parser.add_argument("--minutes", type=float, default=15, help="give up after")
    options = parser.parse_args()
    make_tables()
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    settings.WECHAT_API_BASE = base
    simulator = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port)])
    try:
        if options.audience:
            snapshot(options.audience)
        time.sleep(3)
        fine = not options.recipients or send_while_killing(base, options)
    finally:
        simulator.terminate()
        simulator.wait()
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
