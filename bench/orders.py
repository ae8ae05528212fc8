"""The benchmark of pages for finance with millions of orders: the list, its filters and sums, an order.

Run by ``make bench ARGS='orders --rows 5000000'``. Each page is requested in process, and printed with its
milliseconds and its number of queries.
"""

import argparse
import datetime
import os
import secrets
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ALLOWED_HOSTS"] = "testserver"
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from payments.merchants.models import Merchant  # noqa: E402
from payments.orders.models import Order  # noqa: E402

BATCH = 500_000
FILL = """
INSERT INTO orders_order (account_id, merchant_id, out_trade_no, source, key, purchase, way, openid,
    description, attach, item, goods, total, expires_at, state, prepay, transaction_id, trade_type, bank_type,
    payer_openid, payer_total, paid_at, reserved, refunded, calls, created_at, attempts, error)
SELECT %(account)s, %(merchant)s, 'BN' || n, CASE WHEN n %% 3 = 0 THEN 'shop' ELSE 'api:1' END, 'fill:' || n,
    '', CASE WHEN n %% 10 = 0 THEN 'native' ELSE 'jsapi' END, 'oBench' || n %% 200000, '会员年卡', '',
    '商品' || n %% 40, '[]', 100 + n %% 1000, at,
    CASE n %% 40 WHEN 0 THEN 'refunded' WHEN 10 THEN 'closed' WHEN 20 THEN 'closed' ELSE 'paid' END, '',
    CASE WHEN n %% 40 NOT IN (10, 20) THEN '4200' || n END, 'JSAPI', 'OTHERS', 'oBench' || n %% 200000, 100,
    CASE WHEN n %% 40 NOT IN (10, 20) THEN at END, CASE WHEN n %% 40 = 0 THEN 100 + n %% 1000 ELSE 0 END,
    CASE WHEN n %% 40 = 0 THEN 100 + n %% 1000 ELSE 0 END, 1, at, 0, ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    LATERAL (SELECT now() - (%(rows)s - n) * (interval '365 days' / %(rows)s) AS at) AS moment
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    rows: int = parser.parse_args().rows
    make_tables()
    began = time.perf_counter()
    account = fill(rows)
    print(f"{rows:,} orders of a year, filled in {time.perf_counter() - began:.0f} s", flush=True)
    client = signed_in(account)
    for name, address in pages(rows).items():
        measure(client, name, f"/admin/orders/{address}")


def fill(rows: int) -> OfficialAccount:
    account = OfficialAccount.objects.create(
        slug="bench", name="bench", appid=f"wx{'b' * 16}", token="bench", mode="plain"
    )
    merchant = Merchant.objects.create(slug="bench", name="bench", mchid="1900000109", serial_no="A" * 40)
    merchant.accounts.add(account)
    with connection.cursor() as cursor:
        for first in range(1, rows + 1, BATCH):
            last = min(first + BATCH - 1, rows)
            numbers = {"first": first, "last": last, "rows": rows}
            cursor.execute(FILL, {"account": account.pk, "merchant": merchant.pk, **numbers})
        cursor.execute("VACUUM ANALYZE orders_order")
    return account


def signed_in(account: OfficialAccount) -> Client:
    user = User.objects.create_superuser("bench", password=secrets.token_hex(16))
    client = Client()
    client.force_login(user)
    session = client.session
    session["account"] = account.pk
    session.save()
    return client


def pages(rows: int) -> dict[str, str]:
    today = datetime.datetime.now(datetime.UTC).date()
    week, quarter = today - datetime.timedelta(days=6), today - datetime.timedelta(days=91)
    middle = Order.objects.get(out_trade_no=f"BN{rows // 2}")
    return {
        "list": "order/",
        "list from the middle": f"order/?b={middle.pk}",
        "by state": "order/?state=refunded",
        "by a state nobody has": "order/?state=closing",
        "by order number": f"order/?q={middle.out_trade_no}",
        "by OpenID": "order/?q=oBench4711",
        "a week, with sums": f"order/?since={week}&until={today}",
        "92 days, with sums": f"order/?since={quarter}&until={today}",
        "92 days of a state, with sums": f"order/?state=refunded&since={quarter}&until={today}",
        "one order": f"order/{middle.pk}/change/",
    }


def measure(client: Client, name: str, address: str) -> None:
    """Opens a page twice and prints the cost of the second time, because the first one compiles templates."""
    took, queries = 0.0, 0
    for _look in range(2):
        began = time.perf_counter()
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address, follow=True)
        took, queries = (time.perf_counter() - began) * 1000, len(captured)
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}.")
    slowest = max(captured.captured_queries, key=lambda query: float(query["time"]))
    print(f"{name:<32} {took:7.0f} ms {queries:4d} queries, the slowest {float(slowest['time']):.2f} s")
    if os.environ.get("BENCH_SQL"):
        print(slowest["sql"])


if __name__ == "__main__":
    main()
