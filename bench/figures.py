"""The benchmark of pages of figures over a year of orders and messages, and of maintaining the figures.

Run by ``make bench ARGS='figures --orders 5000000 --messages 10000000'``. Each page is printed with its
milliseconds and queries; the sums are compared with the rows at the end.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import TypeVar

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ALLOWED_HOSTS"] = "testserver"
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from bench.orders import fill, measure, signed_in  # noqa: E402
from payments.orders import revenue  # noqa: E402
from wechat.console.periods import Period  # noqa: E402
from wechat.inbox import months  # noqa: E402
from wechat.inbox.models import CountProgress, MessageMonth  # noqa: E402
from wechat.kernel import work  # noqa: E402

YEAR = 365
BATCH = 500_000
MESSAGES = """
INSERT INTO inbox_inboundmessage (account_id, key, openid, kind, event, text, body, sent_at, received_at,
    month,
    answered_by, late, handled_at, attempts, error, trace)
SELECT %(account)s, 'bench:' || n, 'oBench' || n %% 200000,
    (ARRAY['text', 'text', 'image', 'voice', 'event', 'event', 'event'])[1 + n %% 7],
    (ARRAY['', '', '', '', 'click', 'view', 'subscribe'])[1 + n %% 7], '你们几点开门？', '<xml/>', at, at,
    date_trunc('month', at AT TIME ZONE 'UTC')::date,
    CASE WHEN n %% 7 = 0 THEN 'rule:1' ELSE '' END, false, at, 0, '', ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    LATERAL (SELECT now() - (%(rows)s - n) * (interval '365 days' / %(rows)s) AS at) AS moment
"""
Result = TypeVar("Result")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--messages", type=int, default=100_000)
    chosen = parser.parse_args()
    orders: int = chosen.orders
    make_tables()
    account = _timed(f"{orders:,} orders of a year, filled", lambda: fill(orders))
    client = signed_in(account)
    page = f"/admin/orders/order/revenue/?{Period.until_today(YEAR).query}"
    measure(client, "revenue of a year, nothing summed", page)
    days = Period.until_today(YEAR + 1).days
    revenue.note_days(account.pk, days)
    _timed(f"{len(days)} days summed", lambda: work.run_all("orders.sum_revenue"))
    measure(client, "revenue of a year", page)
    measure(client, "revenue of 30 days", "/admin/orders/order/revenue/")
    _messages(account, client, chosen.messages)
    call_command("check_figures")


def _messages(account: OfficialAccount, client: Client, rows: int) -> None:
    """Creates a year of messages, counts them, and measures the page that shows the counts.

    Counting takes two runs with a pause between them: the first records the newest message, the second
    counts up to it.
    """
    _timed(f"{rows:,} messages of a year, filled", lambda: _fill(account, rows))
    work.run_all("inbox.count")
    CountProgress.objects.update(due_at=timezone.now())
    _timed(f"{rows:,} messages counted", lambda: work.run_all("inbox.count"))
    measure(client, "messages of a year", f"/admin/statistics/messages/?{Period.until_today(YEAR).query}")


def _fill(account: OfficialAccount, rows: int) -> None:
    months.make_missing(MessageMonth, back=13)
    with connection.cursor() as cursor:
        for first in range(1, rows + 1, BATCH):
            last = min(first + BATCH - 1, rows)
            cursor.execute(MESSAGES, {"account": account.pk, "first": first, "last": last, "rows": rows})
        cursor.execute("VACUUM ANALYZE inbox_inboundmessage")


def _timed(what: str, do: Callable[[], Result]) -> Result:
    began = time.perf_counter()
    result = do()
    print(f"{what} in {time.perf_counter() - began:.1f} s", flush=True)
    return result


if __name__ == "__main__":
    main()
