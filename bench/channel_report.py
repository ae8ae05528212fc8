"""The benchmark of the channel pages: ``make bench ARGS='channel_report --scans 1000000 --channels 10000'``.

Creates the scans of a year, then requests each page a few times as a member of staff.
"""

import argparse
import datetime
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ALLOWED_HOSTS"] = "testserver"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from accounts.staff.models import StaffRight  # noqa: E402
from bench.admin_pages import _measure, _timed  # noqa: E402
from bench.database import make_tables  # noqa: E402

CHANNELS = """
INSERT INTO channels_channel (account_id, name, "group", place, cost, lifetime, days, scene, new_strategy,
    existing_strategy, created_at)
SELECT %(account)s, 'channel ' || n, 'group ' || n %% 20, '', n %% 3 * 1000, 'permanent', 30, 'ch_' || n,
    'all', 'all', now()
FROM generate_series(1, %(channels)s::bigint) AS n
"""
CODES = """
INSERT INTO channels_code (channel_id, state, ticket, url, picture, attempts, error)
SELECT id, 'ready', 'ticket', 'http://weixin.qq.com/q/bench', '', 1, '' FROM channels_channel
"""
# A few channels have most scans: the square of a uniform number is often small. One in three unsubscribes.
SCANS = """
INSERT INTO channels_scan (account_id, channel_id, openid, kind, at, left_at)
SELECT %(account)s, %(first)s + floor(power(random(), 2) * %(channels)s)::bigint, 'oBench' || n %% 400000,
    (ARRAY['new', 'again', 'existing', 'new'])[1 + n %% 4], at,
    CASE WHEN n %% 3 = 0 AND n %% 4 <> 2 THEN at + random() * interval '40 days' END
FROM generate_series(1, %(scans)s::bigint) AS n,
    LATERAL (SELECT now() - (%(scans)s - n) * (interval '365 days' / %(scans)s) AS at) AS moment
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scans", type=int, default=1_000_000)
    parser.add_argument("--channels", type=int, default=10_000)
    asked = parser.parse_args()
    make_tables()
    account = OfficialAccount.objects.create(
        slug="bench", name="bench", appid=f"wx{'c' * 16}", token="bench", mode="plain"
    )
    with _timed(f"filling {asked.scans:,} scans of {asked.channels:,} channels"):
        first = _fill(account, asked.scans, asked.channels)
    user = User.objects.create_user("bench", is_staff=True)
    StaffRight.objects.create(user=user, account=account, role=StaffRight.Role.OWNER)
    client = Client()
    client.force_login(user)
    pages, year_ago = "/admin/channels/channel/", timezone.localdate() - datetime.timedelta(days=364)
    print(f"{'page':<44} {'median':>9} {'slowest':>9}")
    _measure(client, "channels: newest", pages)
    _measure(client, "channels: by name", f"{pages}?q=channel+77")
    _measure(client, "report: 30 days", f"{pages}report/")
    _measure(client, "report: a year", f"{pages}report/?first={year_ago}")
    _measure(client, "report: a year, one group", f"{pages}report/?first={year_ago}&group=group+7")
    _measure(client, "report: a year, as CSV", f"{pages}report.csv?first={year_ago}")
    _measure(client, "report of the busiest channel, a year", f"{pages}{first}/report/?first={year_ago}")
    _measure(client, "page of the busiest channel", f"{pages}{first}/change/")


def _fill(account: OfficialAccount, scans: int, channels: int) -> int:
    """Creates channels and their scans. Returns the id of the first channel, which has the most scans."""
    values = {"account": account.pk, "scans": scans, "channels": channels}
    with connection.cursor() as cursor:
        cursor.execute(CHANNELS, values)
        cursor.execute(CODES)
        cursor.execute("SELECT min(id) FROM channels_channel")
        first = int(cursor.fetchone()[0])
        cursor.execute(SCANS, {**values, "first": first})
        cursor.execute("VACUUM ANALYZE channels_scan, channels_channel")
    return first


if __name__ == "__main__":
    main()
