"""The benchmark of importing a trade bill and exporting a month: seconds and peak memory.

Run by ``make bench ARGS='bills --lines 10000 1000000'``. Each size has a separate process, because a peak
never goes down.
"""

import argparse
import datetime
import gzip
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import IO

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402

from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from payments.bills import exporting, loading, matching  # noqa: E402
from payments.bills.models import Bill, Discrepancy  # noqa: E402
from payments.merchants.models import Merchant  # noqa: E402
from payments.orders.models import Order  # noqa: E402

DAY = datetime.date(2026, 3, 1)
COLUMNS = (
    "交易时间,微信订单号,商户订单号,交易状态,应结订单金额,微信退款单号,商户退款单号,退款金额,退款状态,"
    "手续费,订单金额,申请退款金额"
)
SUMMARY = "总交易单数,手续费总金额,订单总金额,申请退款总金额"
FILL = """
INSERT INTO orders_order (account_id, merchant_id, out_trade_no, source, key, purchase, way, openid,
    description, attach, item, goods, total, expires_at, state, prepay, transaction_id, trade_type, bank_type,
    payer_openid, payer_total, paid_at, reserved, refunded, calls, created_at, attempts, error)
SELECT %(account)s, %(merchant)s, 'BN' || %(lines)s || '_' || n, 'bench', %(lines)s || ':' || n, '', 'jsapi',
    'o', '会员年卡', '', '年卡', '[]', 10000, at, 'paid', '', '42' || %(lines)s || '_' || n, 'JSAPI',
    'OTHERS', 'o', 10000, at, 0, 0, 1, at, 0, ''
FROM generate_series(1, %(lines)s) AS n, LATERAL (SELECT '2026-03-01 12:00+08'::timestamptz AS at) AS moment
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--only", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.only:
        measure(chosen.lines[0])
        return
    make_tables()
    for lines in chosen.lines:
        subprocess.run([sys.executable, "-m", "bench.bills", "--only", "--lines", str(lines)], check=True)


def measure(lines: int) -> None:
    bill = prepared(lines)
    before = peak()
    with tempfile.TemporaryFile() as file:
        write(lines, file)
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as unpacked:
            loaded = timed(lambda: loading.load(bill, unpacked))
    compared = timed(lambda: matching.link(bill)) + timed(lambda: matching.compare(bill))
    account = bill.merchant.accounts.get()
    month = timed(
        lambda: sum(
            1 for _row in exporting.rows(account, DAY, exporting.RefundsBy.ACCEPTED, exporting.MonthTotals())
        )
    )
    differences = Discrepancy.objects.filter(bill=bill).count()
    agrees = (bill.lines, bill.income, differences) == (lines, lines * 10000, 0)
    print(
        f"{lines:>9,} lines: loaded in {loaded:.1f} s, compared in {compared:.1f} s, "
        f"exported in {month:.1f} s; peak {peak()} MiB (before {before}); "
        f"{'agrees to the fen' if agrees else 'DIFFERS'}"
    )


def prepared(lines: int) -> Bill:
    slug = f"bench{lines}"
    account = OfficialAccount.objects.create(slug=slug, name=slug, appid=slug, token="bench", mode="plain")
    merchant = Merchant.objects.create(slug=slug, name=slug, mchid=f"19{lines:08d}", serial_no="A" * 40)
    merchant.accounts.add(account)
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"account": account.pk, "merchant": merchant.pk, "lines": lines})
        cursor.execute("ANALYZE orders_order")
    assert Order.objects.filter(merchant=merchant).exists()
    return Bill.objects.create(merchant=merchant, kind=Bill.Kind.TRADE, day=DAY)


def write(lines: int, file: IO[bytes]) -> None:
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1) as packed:
        for line in text(lines):
            packed.write(line.encode())


def text(lines: int) -> Iterator[str]:
    yield f"{COLUMNS}\r\n"
    for number in range(1, lines + 1):
        names = f"`42{lines}_{number},`BN{lines}_{number},`SUCCESS"
        yield f"`2026-03-01 12:00:00,{names},`100.00,`0,`0,`0.00,`,`0.60000,`100.00,`0.00\r\n"
    yield f"{SUMMARY}\r\n`{lines},`{lines * 60 // 100}.{lines * 60 % 100:02d}000,`{lines * 100}.00,`0.00\r\n"


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
