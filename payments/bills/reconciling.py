"""The reconciliation with daily bills: they are fetched, loaded and compared with our books.

The row of each day creates that of the next day before anything else, so the chain cannot break. A row whose
bill is not ready is tried again later.

WeChat Pay reference 6, 10.5.
"""

import datetime
import gzip
import tempfile
from collections.abc import Callable
from typing import IO

from django.core.files import File
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payments.bills import fund_matching, loading, matching
from payments.bills.models import Bill
from payments.merchants import held_work
from payments.merchants.directory import client_for
from payments.merchants.models import Merchant
from payments.merchants.setup import BEGINNINGS
from wechat.kernel import work
from wechat.sdk.beijing import BEIJING
from wechat.sdk.pay import bills
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.errors import PayRefused

Kind, State = Bill.Kind, Bill.State

# Bills are made from nine o'clock on and should be there at ten.
READY = datetime.time(10, 5, tzinfo=BEIJING)
NOT_READY = datetime.timedelta(minutes=30)
AGAIN = datetime.timedelta(minutes=10)
# Three months at least.
OLDEST = datetime.timedelta(days=89)
# What a bill's lines add up to.
SUMS = ("lines", "income", "spent", "fees")
# Three days of asking for one that is not ready.
MOST_ATTEMPTS = 150
FETCH: dict[str, Callable[[PayClient, datetime.date], bills.BillAddress]] = {
    Kind.TRADE: bills.trade_bill,
    Kind.FUNDS: bills.fund_flow_bill,
}

BILLS = work.Kind(
    "bills.fetch_bills",
    lambda: Bill.objects.select_related("merchant"),
    label=gettext_lazy("Fetching and comparing bills"),
    queue=work.BULK,
    retry=(AGAIN,) * MOST_ATTEMPTS,
    subject="merchant_id",
)
held_work.add(BILLS.name)


def begin(merchant: Merchant) -> None:
    """Plans the bills of a new merchant, from today's on; called again, it changes nothing.

    Bills are fetched by API v3, also for merchants whose orders use API v2.
    """
    if not merchant.has_secret("api_v3_key"):
        return
    for kind in Kind:
        if not Bill.objects.filter(merchant=merchant, kind=kind).exists():
            _plan(merchant, kind, timezone.now().astimezone(BEIJING).date())


BEGINNINGS.add("bills", begin)


def fetch_again(bill: Bill) -> None:
    """Makes a worker fetch the bill now, whatever its state."""
    Bill.objects.filter(pk=bill.pk).update(
        state=State.WAITING, attempts=0, error="", errcode=None, due_at=timezone.now()
    )
    work.wake(BILLS.name)


def fetch_day(merchant: Merchant, day: datetime.date) -> None:
    """Makes a worker fetch both bills of a day now, also of a day before the merchant was set up here."""
    for kind in Kind:
        bill, _made = Bill.objects.get_or_create(merchant=merchant, kind=kind, day=day)
        fetch_again(bill)


def days_that_exist(now: datetime.datetime) -> tuple[datetime.date, datetime.date]:
    """Returns the first and the last day for which WeChat Pay has bills."""
    today = now.astimezone(BEIJING).date()
    return today - OLDEST, today - datetime.timedelta(days=1)


def can_be_fetched(day: datetime.date, now: datetime.datetime) -> bool:
    """Returns whether WeChat Pay has bills for the day: not yet for today, and no longer for an old one."""
    first, last = days_that_exist(now)
    return first <= day <= last


@BILLS.each
def fetch(bill: Bill) -> None:
    """Fetches, loads and compares one bill."""
    _plan_next(bill)
    try:
        _fetch(bill)
    except PayRefused as error:
        if error.code == "NO_STATEMENT_EXIST":
            _keep_empty(bill)
        elif error.code == "STATEMENT_CREATING" and bill.attempts < MOST_ATTEMPTS:
            bill.again(error, timezone.now() + NOT_READY)
        else:
            raise


def _fetch(bill: Bill) -> None:
    client = client_for(bill.merchant)
    address = FETCH[bill.kind](client, bill.day)
    with tempfile.TemporaryFile() as file:
        _download(client, address, file)
        bill.sha1 = address.sha1.lower()
        _load(bill, file)


def _download(client: PayClient, address: bills.BillAddress, file: IO[bytes]) -> None:
    """Downloads the bill to disk, because its hash can be checked only after the last byte."""
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6) as packed:
        for piece in bills.stream(client, address):
            packed.write(piece)


def _load(bill: Bill, file: IO[bytes]) -> None:
    with transaction.atomic():
        file.seek(0)
        with gzip.GzipFile(fileobj=file) as unpacked:
            loading.load(bill, unpacked)
        (matching if bill.kind == Kind.TRADE else fund_matching).link(bill)
    # Whoever paid and is not known here yet is asked about before the two are compared.
    if bill.kind == Kind.TRADE:
        matching.catch_up(bill)
    with transaction.atomic():
        _compare(bill)
        file.seek(0)
        name = f"{bill.merchant.slug}-{bill.kind}-{bill.day}.csv.gz"
        bill.file.save(name, File(file), save=False)
        _finish(bill, State.MATCHED)


def _compare(bill: Bill) -> None:
    (matching if bill.kind == Kind.TRADE else fund_matching).compare(bill)


def _keep_empty(bill: Bill) -> None:
    """Keeps that there was no trade; a bill that was loaded before stays, because its lines were there."""
    with transaction.atomic():
        if bill.lines:
            bill.error = _("WeChat Pay no longer has this bill; it is kept as it was fetched before.")
            _finish(bill, State.MATCHED)
            return
        bill.summary, bill.error = {}, ""
        _compare(bill)
        _finish(bill, State.EMPTY)


def _finish(bill: Bill, state: Bill.State) -> None:
    found = {name: getattr(bill, name) for name in ("error", "sha1", "file", "summary", *SUMS)}
    bill.done(state=state, fetched_at=timezone.now(), **found)
    if bill.kind == Kind.TRADE:
        fund_matching.compare_again(bill)


def _plan_next(bill: Bill) -> None:
    """Plans the next day's bill if this is the newest one; an earlier day starts no second chain."""
    later = Bill.objects.filter(merchant=bill.merchant_id, kind=bill.kind, day__gt=bill.day)
    if not later.exists():
        _plan(bill.merchant, Kind(bill.kind), bill.day + datetime.timedelta(days=1))


def _plan(merchant: Merchant, kind: Bill.Kind, day: datetime.date) -> None:
    due_at = datetime.datetime.combine(day + datetime.timedelta(days=1), READY)
    Bill.objects.get_or_create(merchant=merchant, kind=kind, day=day, defaults={"due_at": due_at})
