"""The drill of backup and restore: ``make drill-restore``, or ``python -m bench.drill.restore``.

It needs its own database, which is dumped while orders are created, paid and refunded and messages are sent.
The work continues, then all processes stop, the dump is restored as in ``docs/operations.md``, and everything
starts again. Finally the bill of the day is read: all payments and refunds that WeChat Pay knows and the
restored database lacks have to be booked or listed as discrepancies, and nobody may have received a message
twice.
"""

import datetime
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["DB_POOL_SIZE"] = "40"
django.setup()

import psycopg  # noqa: E402
import time_machine  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connections  # noqa: E402
from django.utils import timezone  # noqa: E402
from psycopg import sql  # noqa: E402

from bench.drill.columns import Column  # noqa: E402
from bench.drill.columns.messages import Pushes, Replies  # noqa: E402
from bench.drill.columns.money import Orders, Refunds  # noqa: E402
from bench.drill.installation import Choice, Installation, installed  # noqa: E402
from config.embedded.interruption import exit_on_signal  # noqa: E402
from config.embedded.postgres import program  # noqa: E402
from payments.bills import reconciling  # noqa: E402
from payments.bills.models import Bill, Discrepancy  # noqa: E402
from payments.orders.models import Order, Refund  # noqa: E402
from payments.orders.states import RefundState  # noqa: E402
from wechat.kernel import work  # noqa: E402
from wechat.kernel.models import Hold  # noqa: E402
from wechat.sdk.beijing import BEIJING  # noqa: E402

COLUMNS: tuple[type[Column], ...] = (Orders, Refunds, Pushes, Replies)
UNDER_WAY = (RefundState.PENDING, RefundState.PROCESSING)
ROUNDS = 5
SETTLE_SECONDS = 240.0
# The clock is moved this far ahead, to the day after the next morning, when the bills exist.
UNTIL_BILLS = datetime.timedelta(hours=36)


def main() -> int:
    exit_on_signal()
    with tempfile.TemporaryDirectory(prefix="wechat-console-restore-") as name:
        folder = Path(name)
        with installed(folder, Choice()) as there:
            wrong = list(_drilled(there, folder / "backup"))
    for problem in wrong:
        print(f"  {problem}", flush=True)
    print("FAILED" if wrong else "Restored: nothing lost, nobody twice, the money accounted for.", flush=True)
    return 1 if wrong else 0


def _drilled(there: Installation, backup: Path) -> Iterator[str]:
    before = _worked(there, "00")
    _settle(before)
    print(f"Before the backup: {_summary(before)}", flush=True)
    # Rows that are due at the time of the dump are sent, and are due again in the backup.
    due = _worked(there, "01")
    _dump(backup)
    after = _worked(there, "02")
    _settle([*due, *after])
    print(f"Meanwhile and after it: {_summary([*due, *after])}", flush=True)
    _restore(there, backup)
    print("Restored, and begun again.", flush=True)
    day = timezone.now().astimezone(BEIJING).date()
    for each in before:
        yield from (f"before the backup, {each.name}: {problem}" for problem in each.wrong())
    afresh = _worked(there, "03")
    _settle(afresh)
    # Those that were under way when the dump was made are asked about by themselves, and no discrepancies.
    _wait_while(Refund.objects.filter(state__in=UNDER_WAY).exists)
    for each in afresh:
        yield from (f"after the restore, {each.name}: {problem}" for problem in each.wrong())
    yield from _twice(there)
    yield from _reconcile(there, day)
    yield from _unaccounted(there)


def _worked(there: Installation, mark: str) -> list[Column]:
    columns = [kind(there, mark) for kind in COLUMNS]
    for each in columns:
        each.prepare()
    for number in range(ROUNDS):
        for each in columns:
            each.act(number)
    return columns


def _settle(columns: Sequence[Column]) -> None:
    _wait_while(lambda: any(each.waiting() for each in columns))


def _wait_while(is_waiting: Callable[[], bool]) -> None:
    ends = time.monotonic() + SETTLE_SECONDS
    while is_waiting() and time.monotonic() < ends:
        time.sleep(1)


def _summary(columns: Sequence[Column]) -> str:
    done: Counter[str] = Counter()
    for each in columns:
        done[each.name] += each.acts
    return ", ".join(f"{count} × {name}" for name, count in done.items())


def _dump(backup: Path) -> None:
    _run("pg_dump", "--format=custom", f"--file={backup}", _database())


def _restore(there: Installation, backup: Path) -> None:
    for name in ("beat", "worker", "web"):
        there.programs[name].stop()
    connections.close_all()
    database = sql.Identifier(_database())
    address = settings.DATABASE_URL.removesuffix(_database()) + "postgres"
    with psycopg.connect(address, autocommit=True) as own:
        own.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(database))
        own.execute(sql.SQL("CREATE DATABASE {}").format(database))
    _run("pg_restore", f"--dbname={_database()}", str(backup))
    connections.close_all()
    call_command("migrate", verbosity=0)
    call_command("after_restore", verbosity=0)
    there.programs["web"].start()
    there.programs["web"].wait_until(there.is_ready)
    for name in ("worker", "beat"):
        there.programs[name].start()


def _database() -> str:
    return str(settings.DATABASES["default"]["NAME"])


def _run(name: str, *arguments: str) -> None:
    known = settings.DATABASES["default"]
    environment = {
        "PGHOST": "127.0.0.1", "PGPORT": str(known["PORT"]), "PGUSER": known["USER"],
        "PGPASSWORD": known["PASSWORD"],
    }  # fmt: skip
    subprocess.run([program(name), *arguments], env=os.environ | environment, check=True)


def _twice(there: Installation) -> Iterator[str]:
    """Yields an error message if somebody received a message twice, of any kind."""
    got = Counter((each["openid"], str(each["content"])) for each in there.ledger.received("o"))
    twice = [openid for (openid, _content), times in got.items() if times > 1]
    if twice:
        yield f"{len(twice)} got a message twice, as {twice[0]}"


def _reconcile(there: Installation, day: datetime.date) -> Iterator[str]:
    """Reads the day's bills as a worker does the next morning; yields error messages."""
    # The workers' clocks are not moved.
    for name in ("beat", "worker"):
        there.programs[name].stop()
    there.platform.sim("/settings", {"sign_with_clock": True})
    there.platform.sim("/clock", {"advance": UNTIL_BILLS.total_seconds()})
    with time_machine.travel(timezone.now() + UNTIL_BILLS):
        reconciling.fetch_day(there.merchant, day)
        for _kind in reconciling.Kind:
            work.run(reconciling.BILLS.name)
    # The reason why a bill could not be reconciled.
    for bill in Bill.objects.filter(merchant=there.merchant, day=day).exclude(state=Bill.State.MATCHED):
        yield f"the bill of {bill.kind} is {bill.state}: {bill.error}"
    for hold in Hold.objects.filter(work=reconciling.BILLS.name):
        yield f"bills are on hold: {hold.cause} {hold.error}"


def _unaccounted(there: Installation) -> Iterator[str]:
    """Yields a sentence for each payment or refund at WeChat Pay that is neither booked nor a discrepancy.

    A payment only counts as booked if its amount is equal.
    """
    ledger = there.platform.merchant_ledger(there.merchant.mchid)
    paid = dict(Order.objects.filter(paid_at__isnull=False).values_list("out_trade_no", "payer_total"))
    refunds = dict(Refund.objects.values_list("out_refund_no", "state"))
    named = " ".join(
        f"{subject} {here} {theirs}"
        for subject, here, theirs in Discrepancy.objects.values_list("subject", "here", "there")
    )
    unbooked = [each for each in ledger["payments"] if paid.get(each["out_trade_no"]) != each["payer_total"]]
    not_given = [each for each in ledger["refunds"] if refunds.get(each["out_refund_no"]) != "success"]
    print(f"Unknown to the backup: {len(unbooked)} payments and {len(not_given)} refunds.", flush=True)
    for each in unbooked:
        if each["out_trade_no"] not in named:
            yield f"the payment {each['out_trade_no']} is neither booked nor a discrepancy"
    for each in not_given:
        if each["out_refund_no"] not in named:
            state = refunds.get(each["out_refund_no"], "unknown")
            yield f"the refund {each['out_refund_no']} is neither booked nor a discrepancy, but {state} here"


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        sys.exit(main())
