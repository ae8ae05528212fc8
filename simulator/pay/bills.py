"""The API of bills: applying for one, then downloading it by a URL valid for five minutes (reference 6.1)."""

from __future__ import annotations

import hashlib
import secrets
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from simulator.pay import moments, texts
from simulator.pay.bill_layout import Style, chosen
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError
from simulator.pay.fund_bill import FundBill
from simulator.pay.runtime import Download
from simulator.pay.sharing_bill import SharingBill
from simulator.pay.trade_bill import DAY, TradeBill

READY = 10 * 3600
OLDEST = 92 * DAY
FUND_A_SECOND = 3
LINES_AT_ONCE = 2_000
GZIP = 31
TRADE_KINDS = ("ALL", "SUCCESS", "REFUND")
ACCOUNTS = ("BASIC", "OPERATION", "FEES")

SHARING = "SHARING"

Bill = TradeBill | FundBill | SharingBill


@pay_api("GET", "/v3/bill/tradebill")
async def trade_bill(call: Call) -> Answer:
    kind = call.asked("bill_type", "ALL", TRADE_KINDS)
    sub_mchid = served(call)
    return await applied(call, TradeBill(call.merchant, ready_day(call), kind, sub_mchid=sub_mchid), kind)


@pay_api("GET", "/v3/profitsharing/bills")
async def sharing_bill(call: Call) -> Answer:
    bill = SharingBill(call.merchant, ready_day(call), sub_mchid=served(call))
    return await applied(call, bill, SHARING)


def served(call: Call) -> str:
    """Returns the mchid of the served merchant whose bill is requested; empty for all. Raises NO_AUTH."""
    sub_mchid = call.query.get("sub_mchid", "")
    return call.served(sub_mchid).mchid if sub_mchid else ""


@pay_api("GET", "/v3/bill/fundflowbill")
async def fund_flow_bill(call: Call) -> Answer:
    call.runtime.rates.check(f"fund bill {call.merchant.mchid}", FUND_A_SECOND, call.now)
    call.runtime.rates.count(f"fund bill {call.merchant.mchid}", call.now)
    account = call.asked("account_type", "BASIC", ACCOUNTS)
    return await applied(call, FundBill(call.merchant, ready_day(call), account), account)


def ready_day(call: Call) -> str:
    """Returns the day of the requested bill.

    Raises INVALID_REQUEST for an invalid day, today or one too long ago, STATEMENT_CREATING before 10:00.
    """
    day = call.asked("bill_date")
    try:
        start = moments.start_of(day)
    except ValueError:
        raise PayError("INVALID_REQUEST", texts.BAD_DATE) from None
    if moments.day(call.now) <= day or call.now >= start + OLDEST:
        raise PayError("INVALID_REQUEST", texts.BAD_DATE)
    if call.now < start + DAY + READY:
        raise PayError("STATEMENT_CREATING")
    return day


async def applied(call: Call, bill: Bill, choice: str) -> Answer:
    """Returns the download URL of a bill. Raises NO_STATEMENT_EXIST for a day without lines."""
    zipped = call.asked("tar_type", choices=("", "GZIP")) == "GZIP"
    if bill.is_empty:
        raise PayError("NO_STATEMENT_EXIST")
    layout = chosen(call.runtime.state.settings)
    token = secrets.token_urlsafe(32)
    sub_mchid = call.query.get("sub_mchid", "")
    found = Download(call.merchant.mchid, bill.day, choice, layout, zipped, sub_mchid)
    digest = await run_in_threadpool(sha1, blocks(made(call, found), layout.style))
    call.runtime.downloads.add(token, found, call.now)
    tail = "&tartype=gzip" if zipped else ""
    address = f"{call.runtime.world.addresses.pay}/v3/billdownload/file?token={token}{tail}"
    return {"download_url": address, "hash_type": "SHA1", "hash_value": digest}


def made(call: Call, download: Download) -> Bill:
    """Returns a new bill generator for a download."""
    day, choice, layout, sub_mchid = download.day, download.choice, download.layout, download.sub_mchid
    if choice == SHARING:
        return SharingBill(call.merchant, day, layout, sub_mchid)
    if choice in ACCOUNTS:
        return FundBill(call.merchant, day, choice, layout)
    return TradeBill(call.merchant, day, choice, layout, sub_mchid)


@pay_api("GET", "/v3/billdownload/file")
def download(call: Call) -> Answer:
    """Returns the file of a bill as an unsigned answer.

    Raises INVALID_REQUEST for an expired URL, NO_AUTH for another merchant's.
    """
    found = call.runtime.downloads.find(call.asked("token"), call.now)
    if found is None:
        raise PayError("INVALID_REQUEST", texts.LINK_OVER)
    if found.mchid != call.merchant.mchid:
        raise PayError("NO_AUTH")
    content = blocks(made(call, found), found.layout.style)
    return StreamingResponse(
        zipped(content) if found.zipped else content, media_type="application/octet-stream"
    )


def blocks(bill: Bill, style: Style) -> Iterator[bytes]:
    """Yields the bytes of the file, in blocks of some thousand lines."""
    mark, lines = style.mark, bill.lines()
    while block := list(islice(lines, LINES_AT_ONCE)):
        text = mark + style.ending.join(block) + style.ending
        yield text.encode(style.encoding, errors="replace")
        mark = ""


def zipped(content: Iterable[bytes]) -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=GZIP)
    for block in content:
        yield packer.compress(block)
    yield packer.flush()


def sha1(content: Iterable[bytes]) -> str:
    """Returns the SHA-1 hex digest of a file's uncompressed content."""
    digest = hashlib.sha1(usedforsecurity=False)
    for block in content:
        digest.update(block)
    return digest.hexdigest()
