"""The comparison of a trade bill with our orders and refunds, in SQL: each difference becomes a discrepancy.

WeChat Pay reference 10.5.
"""

import datetime
from collections.abc import Iterable
from typing import Any

from django.db import connection

from payments.bills.models import Bill, BillLine
from payments.orders import polling
from payments.orders.models import Order
from payments.orders.states import PAID
from wechat.sdk.beijing import midnight

# How many unknown payments are asked about one by one; more is not a gap but a disaster.
MOST_ASKED = 2000
AT_ONCE = 16

LINK = """
UPDATE bills_billline AS line SET order_id = o.id FROM orders_order AS o
WHERE line.bill_id = %(bill)s AND o.merchant_id = %(merchant)s AND o.out_trade_no = line.out_trade_no;
UPDATE bills_billline AS line SET refund_id = r.id FROM orders_refund AS r
WHERE line.bill_id = %(bill)s AND line.out_refund_no <> '' AND r.out_refund_no = line.out_refund_no
    AND r.order_id = line.order_id
"""

# A number that follows our rule was ours; any other belongs to another system of the merchant.
OURS = "^W[CR][0-9]{20,24}$"

FROM_LINES = """
SELECT CASE
        WHEN line.kind = 'payment' AND line.order_id IS NULL THEN 'unknown_order'
        WHEN line.kind = 'payment' AND o.transaction_id IS NULL THEN 'not_paid_here'
        WHEN line.kind = 'payment' AND o.transaction_id <> line.transaction_id THEN 'second_payment'
        WHEN line.kind = 'payment' AND o.total <> line.amount THEN 'bill_amount'
        WHEN line.kind = 'refund' AND line.refund_id IS NULL AND (
            line.order_id IS NOT NULL OR line.out_refund_no ~ %(ours)s) THEN 'unknown_refund'
        WHEN line.kind = 'refund' AND r.amount <> line.amount THEN 'bill_refund'
        WHEN line.kind = 'refund' AND (
            line.state = 'SUCCESS' AND r.state IN ('closed', 'refused', 'rejected', 'waiting')
            OR line.state = 'FAIL' AND r.state = 'success') THEN 'bill_state'
    END AS kind,
    CASE WHEN line.kind = 'refund' THEN line.out_refund_no || ' ' || line.platform_refund_id
        ELSE line.out_trade_no || ' ' || line.transaction_id END AS subject,
    o.account_id, line.order_id, line.refund_id,
    CASE WHEN line.kind = 'refund' THEN concat_ws(' ', r.amount::text, r.state)
        ELSE concat_ws(' ', o.total::text, o.state) END AS here,
    line.amount::text || ' ' || line.state AS there
FROM bills_billline AS line
LEFT JOIN orders_order AS o ON o.id = line.order_id
LEFT JOIN orders_refund AS r ON r.id = line.refund_id
WHERE line.bill_id = %(bill)s AND line.kind IN ('payment', 'refund')
    AND (line.kind = 'refund' OR line.order_id IS NOT NULL OR line.out_trade_no ~ %(ours)s)
"""
FROM_ORDERS = """
SELECT 'not_in_bill', o.out_trade_no || ' ' || o.transaction_id, o.account_id, o.id, NULL::bigint,
    o.total::text || ' ' || o.state, ''
FROM orders_order AS o
WHERE o.merchant_id = %(merchant)s AND o.paid_at >= %(since)s AND o.paid_at < %(until)s
    AND NOT EXISTS (
        SELECT FROM bills_billline AS line WHERE line.order_id = o.id AND line.kind = 'payment')
"""
# A refund may be accepted days after it was asked for, once a second person agrees or the balance suffices,
# not after it was paid out: one of the bills from then to now has it, if all of them are here.
FROM_REFUNDS = """
SELECT 'refund_not_in_bill', r.out_refund_no || ' ' || r.refund_id, r.account_id, r.order_id, r.id,
    r.amount::text || ' ' || r.state, ''
FROM orders_refund AS r JOIN orders_order AS o ON o.id = r.order_id
WHERE o.merchant_id = %(merchant)s
    AND r.succeeded_at >= %(since)s AND r.succeeded_at < %(until)s
    AND %(day)s - (r.created_at AT TIME ZONE 'Asia/Shanghai')::date <= (
        SELECT count(*) FROM bills_bill AS earlier WHERE earlier.merchant_id = %(merchant)s
        AND earlier.kind = 'trade' AND earlier.state IN ('matched', 'empty') AND earlier.day < %(day)s
        AND earlier.day >= (r.created_at AT TIME ZONE 'Asia/Shanghai')::date)
    AND NOT EXISTS (SELECT FROM bills_billline AS line WHERE line.refund_id = r.id)
"""
# Not ours, and not one by one: one discrepancy a bill.
FOREIGN = """
SELECT 'foreign', %(day)s::text, NULL::bigint, NULL::bigint, NULL::bigint, '',
    count(*) || ' / ' || sum(line.amount)
FROM bills_billline AS line
WHERE line.bill_id = %(bill)s AND line.kind = 'payment' AND line.order_id IS NULL
    AND line.out_trade_no !~ %(ours)s
HAVING count(*) > 0
"""
INSERT = """
INSERT INTO bills_discrepancy (merchant_id, kind, subject, account_id, order_id, refund_id, here, there,
    bill_id, state, note, created_at)
SELECT %(merchant)s, found.kind, left(found.subject, 120), found.account_id, found.order_id, found.refund_id,
    left(found.here, 200), left(found.there, 200), %(bill)s, 'open', '', now()
FROM ({found}) AS found (kind, subject, account_id, order_id, refund_id, here, there)
WHERE found.kind IS NOT NULL
ON CONFLICT (merchant_id, kind, subject) DO NOTHING
"""


def link(bill: Bill) -> None:
    """Links each line to our order or refund."""
    with connection.cursor() as cursor:
        for statement in LINK.split(";"):
            cursor.execute(statement, parameters(bill))


def catch_up(bill: Bill) -> None:
    """Queries WeChat Pay about orders that are paid in the bill but not here, and applies the answers."""
    unpaid = Order.objects.select_related("account", "merchant").filter(
        pk__in=BillLine.objects.filter(bill=bill, kind=BillLine.Kind.PAYMENT).values("order")
    )
    found = list(unpaid.exclude(state__in=sorted(PAID))[:MOST_ASKED])
    for first in range(0, len(found), AT_ONCE):
        polling.look_up(found[first : first + AT_ONCE])


def compare(bill: Bill) -> None:
    """Records each difference as a discrepancy; a repeated comparison adds none twice."""
    write_down(bill, (FROM_LINES, FROM_ORDERS, FROM_REFUNDS, FOREIGN))


def write_down(bill: Bill, statements: Iterable[str]) -> None:
    """Records a discrepancy for each row that the statements return, unless there is one already."""
    with connection.cursor() as cursor:
        for found in statements:
            cursor.execute(INSERT.replace("{found}", found), parameters(bill))


def parameters(bill: Bill) -> dict[str, Any]:
    since = midnight(bill.day)
    return {
        "bill": bill.pk,
        "merchant": bill.merchant_id,
        "day": bill.day,
        "ours": OURS,
        "since": since,
        "until": since + datetime.timedelta(days=1),
    }
