"""A month of payments and refunds as a file for bookkeeping: read and written row by row.

Amounts in yuan with two decimals; times in Beijing.
"""

import csv
import datetime
import itertools
import tempfile
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.http import FileResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from openpyxl import Workbook

from accounts.models import OfficialAccount
from payments.filtering import midnight
from wechat.sdk.beijing import BEIJING
from wechat.sdk.pay.money import yuan

BATCH = 5000
# What Excel can hold on a sheet, with its first row for the names.
MOST_ROWS = 1_000_000
# Text that a spreadsheet would take for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")

ROWS = """
SELECT o.paid_at AS at, false AS is_refund, o.out_trade_no, o.transaction_id, '' AS number,
    o.description, o.item, o.way, o.total AS amount, o.payer_total, o.source
FROM payments_order AS o
WHERE o.account_id = %(account)s AND o.paid_at >= %(since)s AND o.paid_at < %(until)s
UNION ALL
SELECT r.succeeded_at, true, o.out_trade_no, o.transaction_id, r.out_refund_no, o.description, o.item,
    o.way, -r.amount, -r.payer_refund, r.source
FROM payments_refund AS r JOIN payments_order AS o ON o.id = r.order_id
WHERE r.account_id = %(account)s AND r.succeeded_at >= %(since)s AND r.succeeded_at < %(until)s
ORDER BY at
"""


def month_of(text: str) -> datetime.date:
    """``2026-03`` as its first day. Raises ``ValueError``."""
    return datetime.date.fromisoformat(f"{text}-01")


def as_csv(account: OfficialAccount, month: datetime.date) -> StreamingHttpResponse:
    """With a byte order mark, by which Excel knows UTF-8."""
    response = StreamingHttpResponse(_csv_lines(account, month), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_name(account, month)}.csv"'
    return response


def as_excel(account: OfficialAccount, month: datetime.date) -> FileResponse:
    book = Workbook(write_only=True)
    sheet = None
    for number, row in enumerate(rows(account, month)):
        if number % MOST_ROWS == 0:
            sheet = book.create_sheet(f"{month:%Y-%m} {number // MOST_ROWS + 1}")
            sheet.append(_header())
        assert sheet is not None
        sheet.append(row)
    if sheet is None:
        book.create_sheet(f"{month:%Y-%m}").append(_header())
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{_name(account, month)}.xlsx")


def rows(account: OfficialAccount, month: datetime.date) -> Iterator[list[str]]:
    """Oldest first, from a cursor of the server: a million rows take no more memory than a batch."""
    after = (month.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
    parameters: dict[str, Any] = {"account": account.pk, "since": midnight(month), "until": midnight(after)}
    with connection.chunked_cursor() as cursor:
        cursor.execute(ROWS, parameters)
        while batch := cursor.fetchmany(BATCH):
            for row in batch:
                yield _row(*row)


def _row(
    at: datetime.datetime,
    is_refund: bool,
    out_trade_no: str,
    transaction_id: str,
    number: str,
    description: str,
    item: str,
    way: str,
    amount: int,
    payer: int | None,
    source: str,
) -> list[str]:
    return [
        f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        _("Refund") if is_refund else _("Payment"),
        out_trade_no,
        transaction_id,
        number,
        _harmless(description),
        _harmless(item),
        way,
        yuan(amount),
        yuan(payer) if payer is not None else "",
        _harmless(source),
    ]


def _header() -> list[str]:
    return [
        _("Time"),
        _("Kind"),
        _("Order number"),
        _("WeChat Pay number"),
        _("Refund number"),
        _("Description"),
        _("Item"),
        _("Way"),
        _("Amount (yuan)"),
        _("Paid by the payer (yuan)"),
        _("Made by"),
    ]


def _csv_lines(account: OfficialAccount, month: datetime.date) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf"
    line = _Line()
    writer = csv.writer(line)
    for row in itertools.chain([_header()], rows(account, month)):
        writer.writerow(row)
        yield line.text.encode()


class _Line:
    """What a CSV writer wrote last."""

    text = ""

    def write(self, text: str) -> Any:
        self.text = text


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text


def _name(account: OfficialAccount, month: datetime.date) -> str:
    return f"{account.slug}-{month:%Y-%m}"
