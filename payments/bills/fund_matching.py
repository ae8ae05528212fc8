"""The comparison of a day's fund flow with orders, refunds and the trade bill, in SQL.

For a payment, the balance grows by the amount settled in the trade bill less the fee; for a refund it falls
likewise.

WeChat Pay reference 6.2, 10.5.
"""

from django.db import connection

from payments.bills.matching import parameters, write_down
from payments.bills.models import Bill

LINK = """
UPDATE bills_fundline AS moved SET order_id = o.id FROM orders_order AS o
WHERE moved.bill_id = %(bill)s AND o.merchant_id = %(merchant)s AND o.transaction_id = moved.business_no
    AND moved.order_id IS NULL
"""
LINK_REFUNDS = """
UPDATE bills_fundline AS moved SET refund_id = r.id FROM orders_refund AS r
JOIN orders_order AS o ON o.id = r.order_id
WHERE moved.bill_id = %(bill)s AND o.merchant_id = %(merchant)s AND r.refund_id = moved.business_no
    AND moved.refund_id IS NULL
"""
# Other movements, withdrawals and the like, carry no number of ours. While the trade bill of the day is still
# to come, a payment may be unknown only for now.
UNKNOWN = """
SELECT 'fund_unknown', moved.voucher || ' ' || moved.business_no,
    NULL::bigint, NULL::bigint, NULL::bigint, '', moved.amount::text || ' ' || moved.business
FROM bills_fundline AS moved
WHERE moved.bill_id = %(bill)s AND moved.order_id IS NULL AND moved.refund_id IS NULL
    AND moved.voucher ~ %(ours)s
    AND NOT EXISTS (SELECT FROM bills_bill AS trade WHERE trade.merchant_id = %(merchant)s
        AND trade.kind = 'trade' AND trade.day = %(day)s AND trade.state = 'waiting')
"""
# Fees are part of the movement or movements of their own under the same number, so what moved is added up
# by number. Only what the trade bill of the same days has can be compared.
AMOUNTS = """
SELECT 'fund_amount', o.out_trade_no || ' ' || o.transaction_id, o.account_id, o.id, NULL::bigint,
    (line.settled - abs(round(line.fee / 1000.0)))::text, moved.amount::text
FROM (SELECT order_id, sum(amount) AS amount FROM bills_fundline
    WHERE order_id IN (SELECT order_id FROM bills_fundline WHERE bill_id = %(bill)s)
    GROUP BY order_id) AS moved
JOIN orders_order AS o ON o.id = moved.order_id
JOIN bills_billline AS line ON line.order_id = o.id AND line.kind = 'payment'
WHERE moved.amount <> line.settled - abs(round(line.fee / 1000.0))
"""
# What a refund took comes back whole when it is closed.
REFUND_AMOUNTS = """
SELECT 'fund_amount', r.out_refund_no || ' ' || r.refund_id, r.account_id, r.order_id, r.id,
    (line.settled - abs(round(line.fee / 1000.0)))::text, (-moved.amount)::text
FROM (SELECT refund_id, sum(amount) AS amount FROM bills_fundline
    WHERE refund_id IN (SELECT refund_id FROM bills_fundline WHERE bill_id = %(bill)s)
    GROUP BY refund_id) AS moved
JOIN orders_refund AS r ON r.id = moved.refund_id
JOIN bills_billline AS line ON line.refund_id = r.id
WHERE -moved.amount <> line.settled - abs(round(line.fee / 1000.0))
    AND NOT (moved.amount = 0 AND r.state <> 'success')
"""
# What was paid just before midnight may move after it: the day before has both bills by now. A merchant whose
# money does not move payment by payment has no such movements at all.
MISSING = """
SELECT 'fund_missing', o.out_trade_no || ' ' || o.transaction_id, o.account_id, o.id, NULL::bigint,
    o.total::text || ' ' || o.state, ''
FROM orders_order AS o
WHERE o.merchant_id = %(merchant)s AND o.paid_at >= %(since)s - interval '1 day' AND o.paid_at < %(since)s
    AND EXISTS (SELECT FROM bills_bill AS before
        JOIN bills_fundline AS moved ON moved.bill_id = before.id
        WHERE before.merchant_id = %(merchant)s AND before.kind = 'funds' AND before.day = %(day)s - 1
        AND moved.order_id IS NOT NULL)
    AND NOT EXISTS (SELECT FROM bills_fundline AS moved WHERE moved.order_id = o.id)
"""


def link(bill: Bill) -> None:
    """Links each movement to our order or refund, unless it is linked already."""
    with connection.cursor() as cursor:
        for statement in (LINK, LINK_REFUNDS):
            cursor.execute(statement, parameters(bill))


def compare(bill: Bill) -> None:
    """Records each difference as a discrepancy; a repeated comparison adds none twice."""
    write_down(bill, (UNKNOWN, AMOUNTS, REFUND_AMOUNTS, MISSING))


def compare_again(trade: Bill) -> None:
    """Compares a day's fund flow again, because its trade bill came later and made payments known."""
    day = Bill.objects.filter(merchant=trade.merchant_id, day=trade.day, kind=Bill.Kind.FUNDS)
    for bill in day.filter(state=Bill.State.MATCHED):
        link(bill)
        compare(bill)
