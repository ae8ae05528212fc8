"""The benchmark of the admin's pages over the message log: ``make bench ARGS='admin_pages --rows 1000000'``.

Creates this number of messages of one account, and a second, nearly empty account, then requests each page a
few times as a member of staff.
"""

import argparse
import datetime
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ALLOWED_HOSTS"] = "testserver"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Max  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from accounts.staff.models import StaffRight  # noqa: E402
from bench.database import make_tables  # noqa: E402
from wechat.inbox.models import CountProgress, InboundMessage  # noqa: E402
from wechat.kernel import work  # noqa: E402

TIMES = 5
BATCH = 500_000

# A month of messages: 4 of 5 are texts, 1 in 10 texts is not answered, 1 in 50,000 failed.
FILL = """
INSERT INTO inbox_inboundmessage (account_id, key, openid, kind, event, text, body, sent_at, received_at,
    month, answer, answered_by, late, handled_at, attempts, error)
SELECT %(account)s, 'bench:' || n, 'oBench' || lpad((n * 7919 %% %(followers)s)::text, 22, '0'),
    CASE WHEN n %% 5 > 0 THEN 'text' WHEN n %% 10 = 0 THEN 'event' WHEN n %% 1000 = 5 THEN 'video'
        ELSE 'image' END,
    CASE WHEN n %% 10 = 0 THEN (ARRAY['subscribe', 'click', 'scan', 'view'])[1 + n / 10 %% 4] ELSE '' END,
    CASE WHEN n %% 5 > 0 THEN '你们几点开门？第' || n %% 4001 || '次问' ELSE '' END,
    '<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>oBench</FromUserName><CreateTime>1</CreateTime>'
    '<MsgType>text</MsgType><Content>你们几点开门？</Content><MsgId>' || n || '</MsgId></xml>',
    moment, moment, date_trunc('month', moment AT TIME ZONE 'UTC')::date,
    CASE WHEN n %% 50 > 4 THEN '{"type": "text", "content": "九点"}'::jsonb END,
    CASE WHEN n %% 5 > 0 AND n %% 50 > 4 THEN 'rule:' || n %% 50 ELSE '' END, false, moment, 0,
    CASE WHEN n %% 50000 = 1 THEN 'ValueError: bench' ELSE '' END
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    LATERAL (SELECT now() - (%(rows)s - n) * (interval '30 days' / %(rows)s) AS moment) AS at
"""
FOLLOWERS = """
INSERT INTO followers_follower (account_id, openid, unionid, subscribed, subscribe_scene, remark,
    last_seen_kind, last_seen_at, subscribed_at)
SELECT %s, 'oBench' || lpad(n::text, 22, '0'), '', n %% 10 > 0, '', '', 'text', now(), now()
FROM generate_series(0, %s - 1) AS n
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows: int = parser.parse_args().rows
    make_tables()
    busy, quiet = _account("bench-busy", "a"), _account("bench-quiet", "b")
    with _timed(f"filling {rows:,} messages"):
        _fill(busy, rows)
        _count()
    client = _signed_in(busy, quiet)
    print(f"{'page':<44} {'median':>9} {'slowest':>9}")
    for name, path in _pages(busy, rows):
        _measure(client, name, path)
    client.post("/admin/account/", {"account": quiet.pk})
    _measure(client, "list of a nearly empty account", "/admin/inbox/inboundmessage/")


def _account(slug: str, letter: str) -> OfficialAccount:
    return OfficialAccount.objects.create(
        slug=slug, name=slug, appid=f"wx{letter * 16}", token="bench", mode="plain"
    )


def _fill(account: OfficialAccount, rows: int) -> None:
    followers = max(1, rows // 10)
    with connection.cursor() as cursor:
        cursor.execute(FOLLOWERS, [account.pk, followers])
        for first in range(1, rows + 1, BATCH):
            last = min(first + BATCH - 1, rows)
            cursor.execute(
                FILL,
                {"account": account.pk, "first": first, "last": last, "rows": rows, "followers": followers},
            )
        cursor.execute("VACUUM ANALYZE inbox_inboundmessage, followers_follower")


def _count() -> None:
    """Counts all messages, as a worker does for those of past days."""
    newest = InboundMessage.objects.aggregate(newest=Max("pk"))["newest"]
    while not CountProgress.objects.filter(counted=newest).exists():
        CountProgress.objects.update(due_at=timezone.now())
        work.run("inbox.count")


def _signed_in(*accounts: OfficialAccount) -> Client:
    user = User.objects.create_user("bench", is_staff=True)
    for account in accounts:
        StaffRight.objects.create(user=user, account=account, role=StaffRight.Role.OWNER)
    client = Client()
    client.force_login(user)
    client.post("/admin/account/", {"account": accounts[0].pk})
    return client


def _pages(account: OfficialAccount, rows: int) -> Iterator[tuple[str, str]]:
    log = "/admin/inbox/inboundmessage/"
    openid = f"oBench{'7919'.zfill(22)}"
    weeks_ago = timezone.localtime() - datetime.timedelta(days=20)
    day = f"since={weeks_ago:%Y-%m-%dT00:00}&until={weeks_ago:%Y-%m-%dT23:59}"
    yield "overview", "/admin/"
    yield "log: newest", log
    yield "log: in the middle", f"{log}?p=b{rows // 2}"
    yield "log: oldest", f"{log}?p=a1"
    yield "log: pictures", f"{log}?kind=image"
    yield "log: videos (1 in 1,000)", f"{log}?kind=video"
    yield "log: unreadable (none)", f"{log}?state=malformed"
    yield "log: followed", f"{log}?kind=event:subscribe"
    yield "log: failed (1 in 50,000)", f"{log}?state=failed"
    yield "log: unanswered", f"{log}?answer=unanswered"
    yield "log: answered late (none)", f"{log}?answer=late"
    yield "log: answered by one rule", f"{log}?answer=rule:17"
    yield "log: answered by a rule never used", f"{log}?answer=rule:999"
    yield "log: one day three weeks ago", f"{log}?{day}"
    yield "log: that day, unanswered", f"{log}?{day}&answer=unanswered"
    yield "log: one follower", f"{log}?q={openid}"
    yield "log: a text", f"{log}?q=第4000次"
    yield "log: a text nobody wrote", f"{log}?q=不存在的话"
    yield "conversation", f"/admin/inbox/inboundmessage/conversation/{account.pk}/{openid}/"
    yield "unanswered, 24 hours", "/admin/inbox/inboundmessage/unanswered/?days=1"
    yield "unanswered, 30 days", "/admin/inbox/inboundmessage/unanswered/?days=30"
    yield "followers", "/admin/followers/follower/"
    yield "followers: left", "/admin/followers/follower/?follows=no"
    yield "followers: one OpenID", f"/admin/followers/follower/?q={openid}"


def _measure(client: Client, name: str, path: str) -> None:
    times = [_seconds(lambda: client.get(path).status_code) for _again in range(TIMES)]
    print(f"{name:<44} {statistics.median(times) * 1000:>6.0f} ms {max(times) * 1000:>6.0f} ms", flush=True)


def _seconds(ask: Callable[[], int]) -> float:
    began = time.perf_counter()
    status = ask()
    if status != 200:
        raise SystemExit(f"The page answered {status}.")
    return time.perf_counter() - began


@contextmanager
def _timed(what: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    print(f"{what}: {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
