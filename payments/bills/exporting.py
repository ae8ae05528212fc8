"""The export of a month's payments and refunds for bookkeeping, read and written row by row.

Amounts in yuan with two decimals; times in Beijing.
"""

import datetime
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import TextChoices
from django.http import FileResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from payments.orders.models import Order
from payments.orders.states import OrderState, RefundState
from wechat.console import downloads
from wechat.console.days import FIRST, LAST
from wechat.console.tables.writing import Row
from wechat.inbox import answerers
from wechat.sdk.beijing import BEIJING, midnight
from wechat.sdk.pay.money import decimal_yuan

BATCH = 5000

# Fees are in the trade bills only; a bill counts a refund on the day it was accepted.
ROWS = """
WITH payment AS (
    SELECT o.id, o.paid_at AS at, (
        SELECT sum(line.fee) FROM bills_billline AS line
        WHERE line.order_id = o.id AND line.kind = 'payment'
    ) AS fee
    FROM orders_order AS o
    WHERE o.account_id = %(account)s AND o.paid_at >= %(since)s AND o.paid_at < %(until)s
), accepted AS (
    SELECT r.id, coalesce(billed.at, r.created_at) AS accepted_at, r.succeeded_at, billed.fee
    FROM orders_refund AS r LEFT JOIN LATERAL (
        SELECT min(line.at) AS at, sum(line.fee) AS fee FROM bills_billline AS line
        WHERE line.refund_id = r.id
    ) AS billed ON true
    WHERE r.account_id = %(account)s AND r.refund_id IS NOT NULL
        -- Adopted from the merchant platform, a refund may be younger here than in the bill.
        AND r.created_at >= %(since)s - interval '1 year' AND r.created_at < %(until)s + interval '1 year'
)
SELECT payment.at AS at, NULL::timestamptz AS done_at, false AS is_refund, o.out_trade_no, o.transaction_id,
    '' AS number, o.description, o.item, o.way, o.state, o.total AS amount, o.payer_total, payment.fee,
    o.source
FROM payment JOIN orders_order AS o ON o.id = payment.id
UNION ALL
SELECT accepted.accepted_at, accepted.succeeded_at, true, o.out_trade_no, o.transaction_id, r.out_refund_no,
    o.description, o.item, o.way, r.state, -r.amount, -r.payer_refund, accepted.fee, r.source
FROM accepted JOIN orders_refund AS r ON r.id = accepted.id JOIN orders_order AS o ON o.id = r.order_id
WHERE {by} >= %(since)s AND {by} < %(until)s
ORDER BY at
"""


class RefundsBy(TextChoices):
    """The date that decides a refund's month: when it was accepted, or when the payer got the money."""

    ACCEPTED = "accepted", gettext_lazy("the day it was accepted, as in the bills")
    PAID_BACK = "paid_back", gettext_lazy("the day the payer had the money")


DATES = {RefundsBy.ACCEPTED: "accepted.accepted_at", RefundsBy.PAID_BACK: "accepted.succeeded_at"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A payment or refund as ``ROWS`` returns it; amounts in fen, the fee in thousandths of a fen.

    ``number`` and ``done_at`` are those of a refund, whose amounts are negative.
    """

    at: datetime.datetime
    done_at: datetime.datetime | None
    is_refund: bool
    out_trade_no: str
    transaction_id: str
    number: str
    description: str
    item: str
    way: str
    state: str
    amount: int
    paid_by_payer: int | None
    fee: int | None
    source: str


@dataclass(slots=True)
class Totals:
    """The totals of payments, of refunds or of both; amounts in fen, fees in thousandths of a fen.

    ``without_fee`` is the number of entries that are in no fetched bill yet.
    """

    count: int = 0
    amount: int = 0
    fee: int = 0
    without_fee: int = 0

    def add(self, entry: Entry) -> None:
        self.count += 1
        self.amount += entry.amount
        self.fee += entry.fee or 0
        self.without_fee += entry.fee is None


@dataclass(slots=True)
class MonthTotals:
    payments: Totals = field(default_factory=Totals)
    refunds: Totals = field(default_factory=Totals)
    after_refunds: Totals = field(default_factory=Totals)

    def add(self, entry: Entry) -> None:
        for totals in (self.refunds if entry.is_refund else self.payments, self.after_refunds):
            totals.add(entry)


def month_of(text: str) -> datetime.date:
    """Returns the first day of a month given as ``2026-03``. Raises ``ValueError``."""
    first = datetime.date.fromisoformat(f"{text}-01")
    if not FIRST <= first <= LAST:
        raise ValueError(f"no payments were made in {text}")
    return first


def as_csv(account: OfficialAccount, month: datetime.date, by: RefundsBy) -> StreamingHttpResponse:
    """Returns the month as a CSV file."""
    lines = itertools.chain([_header()], rows(account, month, by, MonthTotals()))
    return downloads.as_csv_stream(lines, _name(account, month))


def as_excel(account: OfficialAccount, month: datetime.date, by: RefundsBy) -> FileResponse:
    """Returns the month as a workbook with numeric amounts; its last sheet has the totals."""
    totals = MonthTotals()
    lines = itertools.chain([_header()], rows(account, month, by, totals))
    sheets = [(f"{month:%Y-%m}", lines), (_("Totals"), _summary(totals))]
    return downloads.as_workbook(sheets, _name(account, month))


def rows(account: OfficialAccount, month: datetime.date, by: RefundsBy, totals: MonthTotals) -> Iterator[Row]:
    """Yields the rows of the file, oldest first, read batch after batch by a cursor of the server.

    Each row is added to ``totals``.
    """
    after = (month.replace(day=1) + datetime.timedelta(days=32)).replace(day=1)
    parameters: dict[str, Any] = {"account": account.pk, "since": midnight(month), "until": midnight(after)}
    # In a transaction, as a pooler gives the connection to somebody else when one ends.
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(ROWS.replace("{by}", DATES[by]), parameters)
        while batch := cursor.fetchmany(BATCH):
            entries = [Entry(*row) for row in batch]
            makers = answerers.names(entry.source for entry in entries)
            for entry in entries:
                totals.add(entry)
                yield _row(entry, makers.of(entry.source).name)


def _row(entry: Entry, maker: str) -> Row:
    states = RefundState if entry.is_refund else OrderState
    return [
        _moment(entry.at),
        _("Refund") if entry.is_refund else _("Payment"),
        entry.out_trade_no,
        entry.transaction_id,
        entry.number,
        entry.description,
        entry.item,
        str(Order.Way(entry.way).label),
        _yuan(entry.amount),
        _yuan(entry.paid_by_payer),
        maker,
        _fee(entry.fee),
        str(states(entry.state).label),
        _moment(entry.done_at),
    ]


def _summary(totals: MonthTotals) -> Iterator[Row]:
    yield ["", _("How many"), _("Amount (yuan)"), _("Fee (yuan)"), _("How many have no fee yet")]
    for title, each in (
        (_("Payments"), totals.payments),
        (_("Refunds"), totals.refunds),
        (_("After refunds"), totals.after_refunds),
    ):
        yield [title, Decimal(each.count), _yuan(each.amount), _fee(each.fee), Decimal(each.without_fee)]


def _moment(at: datetime.datetime | None) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if at else ""


def _yuan(amount: int | None) -> Decimal | None:
    return None if amount is None else decimal_yuan(amount)


def _fee(fee: int | None) -> Decimal | None:
    """Returns a fee in yuan with five decimals; ``None`` until the bill of that day was fetched."""
    return None if fee is None else Decimal(fee).scaleb(-5)


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
        _("Fee (yuan)"),
        _("State"),
        _("Paid back"),
    ]


def _name(account: OfficialAccount, month: datetime.date) -> str:
    return f"{account.slug}-{month:%Y-%m}"
