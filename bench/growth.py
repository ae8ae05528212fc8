"""The benchmark of costs at growing sizes: ``make bench ARGS=growth``.

Rules, messages, followers, accounts, campaigns and orders, each at sizes that are ten times the one before.
Sizes larger than ``--most`` are not built but extrapolated from the last two sizes, and marked as such.
Prints the tables of ``docs/benchmarks.md`` and draws their plots.
"""

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["ALLOWED_HOSTS"] = "testserver"
django.setup()

from django.db import connection  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.official import directory  # noqa: E402
from accounts.official.models import OfficialAccount  # noqa: E402
from bench.database import make_tables  # noqa: E402
from bench.orders import fill as fill_orders  # noqa: E402
from bench.orders import signed_in  # noqa: E402
from bench.plots import Curve, draw  # noqa: E402
from bench.rules import MOMENT, SAID, rules  # noqa: E402
from payments.merchants.models import Merchant  # noqa: E402
from payments.orders.apply_transaction import apply  # noqa: E402
from payments.orders.models import Order  # noqa: E402
from wechat.inbox import months  # noqa: E402
from wechat.inbox.models import InboundMessage, MessageMonth, month_of  # noqa: E402
from wechat.inbox.recording import insert  # noqa: E402
from wechat.inbox.records import Record  # noqa: E402
from wechat.pushes.models import Push  # noqa: E402
from wechat.pushes.queueing import queue_many  # noqa: E402
from wechat.replies.specs import Compare, FollowerFacts  # noqa: E402
from wechat.sdk.messages import Text  # noqa: E402
from wechat.sdk.pay.transactions import read_transaction  # noqa: E402

TIMES = 9
BATCH = 500_000
MESSAGES = """
INSERT INTO inbox_inboundmessage (account_id, key, openid, kind, event, text, body, sent_at, received_at,
    answered_by, late, handled_at, attempts, error, trace, month)
SELECT %(account)s, 'bench:' || n, 'oBench' || n %% 200000, 'text', '', '你们几点开门？', '<xml/>', at, at,
    '', false, at, 0, '', '', date_trunc('month', at AT TIME ZONE 'UTC')::date
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n,
    LATERAL (
        SELECT now() - (%(last)s::bigint - n)
            * (interval '730 days' / (%(last)s::bigint - %(first)s::bigint + 1)) AS at
    ) AS moment
"""
FOLLOWERS = """
INSERT INTO followers_follower
    (account_id, openid, unionid, subscribed, subscribe_scene, last_seen_kind, remark)
SELECT %(account)s, 'oBench' || lpad(n::text, 22, '0'), '', true, '', '', ''
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
AUDIENCE = """
SELECT 'oBench' || lpad(n::text, 22, '0'), jsonb_build_object('type', 'text', 'content', '天河店'),
    %s || n, now()
FROM generate_series(1, %s) AS n
"""


@dataclass
class Growth:
    """The cost of one operation at each size. ``is_flat`` says that it should be the same at all sizes."""

    name: str
    unit: str
    is_flat: bool
    points: list[tuple[int, float]] = field(default_factory=list)

    def extrapolated(self, size: int) -> float:
        """Returns the cost at a size that was not built, extrapolated by the same power."""
        (smaller, before), (larger, after) = self.points[-2:]
        power = math.log(max(after, 1e-9) / max(before, 1e-9)) / math.log(larger / smaller)
        return float(after * (size / larger) ** min(max(power, 0.0), 2.0))


Grown = Iterator[tuple[str, Sequence[int], Sequence[Growth]]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=1_000_000, help="rows that are built of anything")
    most: int = parser.parse_args().most
    make_tables()
    account = _account("growth", "g")
    client = signed_in(account)
    for title, sizes, growths in _all(account, client, most):
        _print_table(title, sizes, growths)


def _all(account: OfficialAccount, client: Client, most: int) -> Grown:
    yield _rules()
    yield _accounts()
    yield _messages(account, client, most)
    yield _followers(account, client, most)
    yield _campaigns(account, most)
    yield _orders(client, most)


def _rules() -> tuple[str, Sequence[int], Sequence[Growth]]:
    finding = Growth("find the rule for a text", "µs", is_flat=True)
    building = Growth("compile them after an edit", "ms", is_flat=False)
    message = Text(to="gh_1", openid="oA", create_time=1, content=SAID)
    sizes = (10, 100, 1_000, 10_000)
    for size in sizes:
        began = time.perf_counter()
        compiled = rules(size, (Compare.CONTAINS, Compare.EQUALS, Compare.STARTS_WITH))
        building.points.append((size, (time.perf_counter() - began) * 1e3))
        cost = _median(lambda compiled=compiled: compiled.match(message, MOMENT, FollowerFacts()), 200)  # type: ignore[misc]
        finding.points.append((size, cost * 1e6))
    return "Rules", sizes, [finding, building]


def _accounts() -> tuple[str, Sequence[int], Sequence[Growth]]:
    finding = Growth("find the account of a callback", "µs", is_flat=True)
    sizes = (1, 10, 100, 500)
    for size in sizes:
        OfficialAccount.objects.bulk_create(
            OfficialAccount(slug=f"a{n}", name=f"a{n}", appid=f"wx{n:016}", token="bench", mode="plain")
            for n in range(OfficialAccount.objects.filter(slug__regex=r"^a\d+$").count(), size)
        )
        directory._entries.refresh()  # noqa: SLF001 - instead of waiting for the watcher
        finding.points.append((size, _median(lambda: directory.find("a0"), 2_000) * 1e6))
    OfficialAccount.objects.filter(slug__regex=r"^a\d+$").delete()
    return "Accounts", sizes, [finding]


def _messages(
    account: OfficialAccount, client: Client, most: int
) -> tuple[str, Sequence[int], Sequence[Growth]]:
    recording = Growth("record one", "ms", is_flat=True)
    listing = Growth("the newest page of the log", "ms", is_flat=True)
    sizes = (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)
    # Partitions for two years of months, like an installation of that age.
    months.make_missing(MessageMonth, back=25)
    for before, size in _built(sizes, most):
        _fill(MESSAGES, "inbox_inboundmessage", account, before, size)
        recording.points.append((size, _median(lambda size=size: _record(account, size), 5) * 1e3))  # type: ignore[misc]
        listing.points.append((size, _page(client, "/admin/inbox/inboundmessage/")))
    _empty(InboundMessage)
    return "Messages", sizes, [recording, listing]


def _followers(
    account: OfficialAccount, client: Client, most: int
) -> tuple[str, Sequence[int], Sequence[Growth]]:
    listing = Growth("the newest page of the list", "ms", is_flat=True)
    one = Growth("find one by OpenID", "ms", is_flat=True)
    sizes = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
    for before, size in _built(sizes, most):
        _fill(FOLLOWERS, "followers_follower", account, before, size)
        listing.points.append((size, _page(client, "/admin/followers/follower/")))
        one.points.append((size, _page(client, f"/admin/followers/follower/?q=oBench{size // 2:022d}")))
    return "Followers", sizes, [listing, one]


def _campaigns(account: OfficialAccount, most: int) -> tuple[str, Sequence[int], Sequence[Growth]]:
    queueing = Growth("queue the messages of a campaign", "s", is_flat=False)
    sizes = (1_000, 10_000, 100_000, 1_000_000)
    for _before, size in _built(sizes, most):
        began = time.perf_counter()
        queue_many(
            account=account,
            kind=Push.Kind.SERVICE,
            cause="bench",
            chosen=AUDIENCE,
            parameters=[f"{size}:", size],
        )
        queueing.points.append((size, time.perf_counter() - began))
        _empty(Push)
    return "Recipients of a campaign", sizes, [queueing]


def _orders(client: Client, most: int) -> tuple[str, Sequence[int], Sequence[Growth]]:
    paying = Growth("apply a payment", "ms", is_flat=True)
    listing = Growth("the newest page of orders", "ms", is_flat=True)
    sizes = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
    for _before, size in _built(sizes, most):
        _empty(Order)
        Merchant.objects.filter(slug="bench").delete()
        OfficialAccount.objects.filter(slug="bench").delete()
        account = fill_orders(size)
        session = client.session
        session["account"] = account.pk
        session.save()
        paying.points.append((size, _payments(account) * 1e3))
        listing.points.append((size, _page(client, "/admin/orders/order/")))
    return "Orders", sizes, [paying, listing]


def _payments(account: OfficialAccount) -> float:
    """Returns the seconds to apply the notification of a payment to an open order."""
    merchant = Merchant.objects.get(slug="bench")
    now = timezone.now()
    took = []
    for number in range(TIMES):
        order = Order.objects.create(
            account=account, merchant=merchant, out_trade_no=f"NEW{number}", source="bench",
            key=f"new:{number}", way=Order.Way.NATIVE, description="会员年卡", total=100, expires_at=now,
            due_at=now,
        )  # fmt: skip
        notified = read_transaction(
            {
                "mchid": merchant.mchid, "appid": account.appid, "out_trade_no": order.out_trade_no,
                "transaction_id": f"4300{number}", "trade_state": "SUCCESS", "trade_type": "NATIVE",
                "success_time": "2026-03-02T10:00:00+08:00",
                "amount": {"total": 100, "payer_total": 100, "currency": "CNY"},
            }
        )  # fmt: skip
        began = time.perf_counter()
        apply(merchant, notified, by="bench")
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _record(account: OfficialAccount, size: int) -> None:
    now = timezone.now()
    at, month = now.isoformat(), month_of(now).isoformat()
    key = f"record:{size}:{time.perf_counter_ns()}"
    insert([Record(account.pk, key, month, "oBench1", "text", "", "你们几点开门？", "<xml/>", at, at)])


def _account(slug: str, letter: str) -> OfficialAccount:
    return OfficialAccount.objects.create(
        slug=slug, name=slug, appid=f"wx{letter * 16}", token="bench", mode="plain"
    )


def _built(sizes: Sequence[int], most: int) -> Iterator[tuple[int, int]]:
    """Yields each size that is built, with the one before it."""
    before = 0
    for size in sizes:
        # At least two sizes, because the extrapolation needs them.
        if size <= max(most, sizes[1]):
            yield before, size
            before = size


def _fill(statement: str, table: str, account: OfficialAccount, before: int, size: int) -> None:
    with connection.cursor() as cursor:
        for first in range(before + 1, size + 1, BATCH):
            last = min(first + BATCH - 1, size)
            cursor.execute(statement, {"account": account.pk, "first": first, "last": last})
        cursor.execute(f"VACUUM ANALYZE {table}")


def _empty(model: type[Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")


def _page(client: Client, address: str) -> float:
    """Returns the milliseconds of a page. Raises ``SystemExit`` if the page fails."""

    def ask() -> None:
        if (status := client.get(address, follow=True).status_code) != 200:
            raise SystemExit(f"{address} answered {status}.")

    ask()
    return _median(ask, 1) * 1e3


def _median(do: Callable[[], object], times: int) -> float:
    """Returns the seconds of one call, as the median of several rounds of ``times`` calls."""
    rounds = []
    for _again in range(TIMES):
        began = time.perf_counter()
        for _each in range(times):
            do()
        rounds.append((time.perf_counter() - began) / times)
    return statistics.median(rounds)


def _print_table(title: str, sizes: Sequence[int], growths: Sequence[Growth]) -> None:
    """Prints a table with a column for each size, and draws its plot."""
    print(f"\n### {title}\n")
    print(f"| | {' | '.join(f'{size:,}' for size in sizes)} | should be | is |")
    print(f"|---|{'---:|' * len(sizes)}---|---|")
    for growth in growths:
        measured = dict(growth.points)
        cells = [
            f"{measured[size]:,.2f}" if size in measured else f"({growth.extrapolated(size):,.2f})"
            for size in sizes
        ]
        ratio = growth.points[-1][1] / max(growth.points[0][1], 1e-9)
        larger = growth.points[-1][0] / growth.points[0][0]
        expected = "flat" if growth.is_flat else "linear"
        print(
            f"| {growth.name}, {growth.unit} | {' | '.join(cells)} | {expected} "
            f"| × {ratio:.1f} for × {larger:,.0f} |"
        )
    curves = [Curve(f"{growth.name}, {growth.unit}", growth.points) for growth in growths]
    print(f"\n![{title}]({draw(title, curves)})", flush=True)


if __name__ == "__main__":
    main()
