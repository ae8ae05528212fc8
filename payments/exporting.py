"""A month of payments and refunds as a file for bookkeeping: read and written row by row.

Amounts in yuan with two decimals; times in Beijing.
"""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection
from django.http import FileResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from accounts.models import OfficialAccount
from payments.filtering import midnight
from wechat.kernel.tables import downloads
from wechat.kernel.tables.writing import Row
from wechat.sdk.beijing import BEIJING
from wechat.sdk.pay.money import yuan

BATCH = 5000

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
    return downloads.as_csv_stream(rows(account, month), _name(account, month))


def as_excel(account: OfficialAccount, month: datetime.date) -> FileResponse:
    return downloads.as_workbook(rows(account, month), _name(account, month), f"{month:%Y-%m}")


def rows(account: OfficialAccount, month: datetime.date) -> Iterator[Row]:
    """The names of the columns, then oldest first, a batch at a time from a cursor of the server."""
    after = (month.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
    parameters: dict[str, Any] = {"account": account.pk, "since": midnight(month), "until": midnight(after)}
    yield _header()
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
) -> Row:
    return [
        f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        _("Refund") if is_refund else _("Payment"),
        out_trade_no,
        transaction_id,
        number,
        description,
        item,
        way,
        Decimal(yuan(amount)),
        Decimal(yuan(payer)) if payer is not None else None,
        source,
    ]


def _header() -> Row:
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


def _name(account: OfficialAccount, month: datetime.date) -> str:
    return f"{account.slug}-{month:%Y-%m}"
