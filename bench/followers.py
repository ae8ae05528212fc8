"""The benchmark of follower syncs: ``make bench ARGS='followers [--sizes 10000 100000 1000000]'``.

For each size, a new simulator is seeded, a full run reads all followers into the database (use a temporary
one), and a second run finds no changes. At the largest size the pages of the list are requested as a member
of staff, with their numbers of queries.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import django
import psutil
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ALLOWED_HOSTS"] = "testserver"
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.followers import sync_requests  # noqa: E402
from accounts.followers.models import Follower, FollowerSync, Segment, Tag  # noqa: E402
from accounts.followers.segments import Condition  # noqa: E402
from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from simulator.ports import free_port  # noqa: E402
from wechat.kernel import work  # noqa: E402

TAGS = ["VIP", "老客户", "门店", "线上", "试用"]
TIMES = 5
MEGABYTE = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    sizes: list[int] = parser.parse_args().sizes
    make_tables()
    print(f"{'followers':>10} {'run':<8} {'seconds':>8} {'a second':>9} {'worker MB':>9} {'platform MB':>11}")
    for number, size in enumerate(sizes):
        account = OfficialAccount.objects.create(
            slug=f"bench-{size}", name=f"bench {size}", appid=f"wx{number:016}", appsecret="0" * 32,
            token="benchtoken", mode="plain",
        )  # fmt: skip
        with _simulator(account, size) as simulator:
            for name in ("first", "second"):
                _measure_run(account, size, name, simulator)
    _pages(account)


def _measure_run(account: OfficialAccount, size: int, name: str, simulator: psutil.Process) -> None:
    run = sync_requests.ask(account, FollowerSync.Kind.FULL)
    began = time.perf_counter()
    with _highest_memory() as memory:
        while run.is_open:
            work.run("followers.sync_followers")
            run.refresh_from_db()
    seconds = time.perf_counter() - began
    known = Follower.objects.filter(account=account, subscribed=True).count()
    if run.step != FollowerSync.Step.DONE or known != size:
        raise SystemExit(f"The run ended as {run.step} with {known:,} followers: {run.error}")
    held = simulator.memory_info().rss / MEGABYTE
    print(
        f"{size:>10,} {name:<8} {seconds:>8.1f} {size / seconds:>9,.0f} {memory[0]:>9.0f} {held:>11.0f}",
        flush=True,
    )


@contextmanager
def _simulator(account: OfficialAccount, size: int) -> Iterator[psutil.Process]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "simulator", "--port", str(port)])
    base = f"http://127.0.0.1:{port}"
    settings.WECHAT_API_BASE = base
    try:
        _wait_for(base)
        owner = {"appid": account.appid, "secret": account.appsecret}
        _post(f"{base}/_sim/accounts", owner)
        _post(f"{base}/_sim/accounts/{account.appid}/personas", {"count": size, "tags": TAGS})
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(base: str) -> None:
    for _again in range(200):
        try:
            requests.get(f"{base}/_sim/health", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return


def _post(address: str, body: Mapping[str, object]) -> None:
    requests.post(address, json=body, timeout=300).raise_for_status()


@contextmanager
def _highest_memory() -> Iterator[list[float]]:
    """Yields a list with one number: this process's peak memory in MB, sampled four times a second."""
    highest, over, process = [0.0], threading.Event(), psutil.Process()

    def look() -> None:
        while not over.wait(0.25):
            highest[0] = max(highest[0], process.memory_info().rss / MEGABYTE)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    yield highest
    over.set()
    watcher.join()


def _pages(account: OfficialAccount) -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE followers_follower, followers_follower_tags")
    User.objects.create_superuser("bench", password="bench")
    client = Client()
    client.force_login(User.objects.get(username="bench"))
    client.post("/admin/account/", {"account": account.pk})
    print(f"\n{'page':<44} {'queries':>8} {'median':>9} {'slowest':>9}")
    for name, path in _addresses(account):
        _measure_page(client, name, path)


def _addresses(account: OfficialAccount) -> Iterator[tuple[str, str]]:
    followers = "/admin/followers/follower/"
    tag = Tag.objects.filter(account=account, name="VIP").get()
    rows: list[Condition] = [
        {"field": "tag", "compare": "has", "value": str(tag.pk)},
        {"field": "followed", "compare": "within", "value": "90"},
        {"field": "channel", "compare": "starts", "value": "store-00"},
    ]
    segment = Segment.objects.create(account=account, name="bench", conditions=rows)
    newest = Follower.objects.filter(account=account).order_by("-pk")[0]
    middle = newest.pk - Follower.objects.filter(account=account).count() // 2
    month = f"{timezone.localdate():%Y-%m}-01"
    yield "newest", followers
    yield "in the middle", f"{followers}?p=b{middle}"
    yield "with a tag", f"{followers}?tag={tag.pk}"
    yield "unfollowed (none)", f"{followers}?follows=no"
    yield "blacklisted (none)", f"{followers}?follows=black"
    yield "of one channel", f"{followers}?channel=store-0007"
    yield "not seen for 90 days", f"{followers}?seen=-90"
    yield "seen within 48 hours (none)", f"{followers}?seen=2"
    yield "followed this month", f"{followers}?since={month}"
    yield "one OpenID", f"{followers}?q={newest.openid}"
    yield "a remark nobody has", f"{followers}?q=不存在的备注"
    yield "in a segment of three conditions", f"{followers}?segment={segment.pk}"
    yield "one follower", f"{followers}{newest.pk}/change/"
    yield "for everybody: how many", f"{followers}bulk/"
    yield "the segment's page, counted", f"/admin/followers/segment/{segment.pk}/change/"
    yield "tags", "/admin/followers/tag/"
    yield "synchronisation", f"{followers}sync/"


def _measure_page(client: Client, name: str, path: str) -> None:
    times, queries = [], 0
    for _again in range(TIMES):
        with CaptureQueriesContext(connection) as captured:
            began = time.perf_counter()
            status = client.get(path).status_code
            times.append(time.perf_counter() - began)
        queries = len(captured)
        if status != 200:
            raise SystemExit(f"{path} answered {status}.")
    median, slowest = statistics.median(times) * 1000, max(times) * 1000
    print(f"{name:<44} {queries:>8} {median:>6.0f} ms {slowest:>6.0f} ms", flush=True)


if __name__ == "__main__":
    main()
