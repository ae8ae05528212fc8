"""The one place where a payment that WeChat Pay reports is applied to its order: forward only, and once.

The order is locked, or changed by a statement with the condition that it is as it was read. Notifications,
queries and bills may report the same payment at the same time, in any order and repeatedly.

WeChat Pay reference 5.1, 5.5, 10.1, 10.6.
"""

import enum
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Model
from django.db.transaction import atomic
from django.utils import timezone

from accounts.official import directory
from payments.merchants.models import Merchant
from payments.orders import events, history
from payments.orders.mismatches import Mismatch, MismatchKind, report_mismatch
from payments.orders.models import Order, Step
from payments.orders.states import ORDER_MOVES, OrderState, move
from wechat.kernel.combined_writes import NOTHING, Changed, update_and_insert
from wechat.kernel.prepared import prepared_cursor
from wechat.sdk.pay.transactions import OVER, Transaction

CURRENCY = "CNY"
# The columns that a payment is compared with; the other ones are deferred.
COLUMNS = [
    "id",
    "account_id",
    "merchant_id",
    "out_trade_no",
    "way",
    "openid",
    "total",
    "state",
    "transaction_id",
]
FIND = (
    f"SELECT {', '.join(COLUMNS)} FROM orders_order "  # noqa: S608 - names of columns
    "WHERE out_trade_no = %s AND merchant_id = %s"
)
FIND_AND_LOCK = f"{FIND} FOR UPDATE"
# The columns that a payment sets.
PAYMENT = ("total", "transaction_id", "trade_type", "bank_type", "payer_openid", "payer_total", "paid_at")


class TransactionOutcome(enum.Enum):
    APPLIED = "applied"
    REPEAT = "repeat"  # nothing new
    ASIDE = "aside"  # does not fit: it is among the discrepancies


@dataclass(frozen=True, slots=True)
class Applied:
    outcome: TransactionOutcome
    order: Order | None


def apply_at_once(
    merchant: Merchant, transaction: Transaction, *, by: str, also: Callable[[Order], Model]
) -> bool:
    """Applies the most frequent report: the payment of an open order, exactly as it was requested.

    Everything is one statement, together with the row that ``also`` returns, so no lock or transaction is
    needed. Returns whether the report was of that kind and the order had not changed meanwhile; all other
    reports are for ``apply``.
    """
    order = _found(merchant, transaction.out_trade_no, FIND)
    if order is None or not order.is_open or not transaction.is_paid or not transaction.transaction_id:
        return False
    before = order.state
    try:
        _compare(order, merchant, transaction, accept=())
        _take(order, transaction)
        _move(order, OrderState.PAID, by, PAYMENT, events.Topic.PAID, also=also(order), was={"state": before})
    except (Mismatch, Changed):
        return False
    return True


def apply(
    merchant: Merchant, transaction: Transaction, *, by: str, accept: Collection[str] = frozenset()
) -> Applied:
    """Applies what WeChat Pay reports of an order.

    ``by`` is the reporter, for the history; ``accept`` are the differences that staff have accepted.
    """
    # No savepoint: what does not fit is found before anything is written.
    with atomic(savepoint=False):
        order = _found(merchant, transaction.out_trade_no, FIND_AND_LOCK)
        try:
            return Applied(_applied(order, merchant, transaction, by, accept), order)
        except Mismatch as mismatch:
            report_mismatch(merchant, mismatch)
            return Applied(TransactionOutcome.ASIDE, order)


def _found(merchant: Merchant, out_trade_no: str, statement: str) -> Order | None:
    # In SQL, because the ORM takes several times as long to build the query as Postgres to answer it.
    with prepared_cursor() as cursor:
        cursor.execute(statement, [out_trade_no, merchant.pk])
        row = cursor.fetchone()
    if row is None:
        return None
    order = Order.from_db(connection.alias, COLUMNS, row)
    order.merchant = merchant
    if (account := directory.of_id(order.account_id)) is not None:
        order.account = account
    return order


def _applied(
    order: Order | None, merchant: Merchant, transaction: Transaction, by: str, accept: Collection[str]
) -> TransactionOutcome:
    if order is None:
        raise Mismatch(MismatchKind.UNKNOWN_ORDER, transaction.out_trade_no, there=_sum(transaction))
    _compare(order, merchant, transaction, accept)
    if transaction.is_paid:
        return _paid(order, transaction, by)
    if transaction.trade_state in OVER:
        return closed(order, by)
    if order.state == OrderState.CREATED:
        _move(order, OrderState.PAYING, by)
    return TransactionOutcome.REPEAT


def _compare(order: Order, merchant: Merchant, transaction: Transaction, accept: Collection[str]) -> None:
    """Raises ``Mismatch`` if the report differs from the order; skips what reports of unpaid orders omit."""
    is_told = transaction.is_paid or transaction.total is not None
    pairs = [
        (MismatchKind.MERCHANT, merchant.mchid, transaction.mchid),
        (MismatchKind.APPID, order.account.appid, transaction.appid),
        (MismatchKind.AMOUNT, order.total, transaction.total if is_told else order.total),
        (MismatchKind.CURRENCY, CURRENCY, transaction.currency or CURRENCY),
    ]
    if transaction.is_paid and order.way == Order.Way.JSAPI:
        pairs.append((MismatchKind.PAYER, order.openid, transaction.openid))
    for kind, here, there in pairs:
        if here != there and kind not in accept:
            subject = f"{transaction.out_trade_no} {transaction.transaction_id}".strip()
            raise Mismatch(kind, subject, order=order, here=here, there=there)


def _paid(order: Order, transaction: Transaction, by: str) -> TransactionOutcome:
    if not transaction.transaction_id:
        raise Mismatch(MismatchKind.UNREADABLE, transaction.out_trade_no, order=order)
    if order.is_paid:
        if order.transaction_id == transaction.transaction_id:
            return TransactionOutcome.REPEAT
        subject = f"{transaction.out_trade_no} {transaction.transaction_id}"
        raise Mismatch(
            MismatchKind.SECOND_PAYMENT,
            subject,
            order=order,
            here=order.transaction_id,
            there=transaction.transaction_id,
        )
    late = not order.is_open
    if transaction.total and transaction.total != order.total:
        # Staff have agreed: the books say what was paid.
        asked = f"{order.total} → {transaction.total}"
        order.total = transaction.total
        history.write(order, Step.Kind.DISCREPANCY, asked, by)
    _take(order, transaction)
    _move(order, OrderState.PAID, by, PAYMENT, events.Topic.PAID)
    if late:
        report_mismatch(
            order.merchant,
            Mismatch(MismatchKind.LATE_PAYMENT, f"{order.out_trade_no} {order.transaction_id}", order=order),
        )
    return TransactionOutcome.APPLIED


def _take(order: Order, transaction: Transaction) -> None:
    """Copies the details of the payment to the order."""
    order.transaction_id = transaction.transaction_id
    order.trade_type = transaction.trade_type[:16]
    order.bank_type = transaction.bank_type[:32]
    order.payer_openid = transaction.openid
    order.payer_total = transaction.payer_total
    order.paid_at = transaction.success_time or timezone.now()
    order.due_at = None


def closed(order: Order, by: str) -> TransactionOutcome:
    """Closes an order that WeChat Pay has closed; the caller holds its lock."""
    if not order.is_open:
        return TransactionOutcome.REPEAT
    order.due_at = None
    _move(order, OrderState.CLOSED, by, (), events.Topic.CLOSED)
    return TransactionOutcome.APPLIED


def _move(
    order: Order,
    state: OrderState,
    by: str,
    more: Sequence[str] = (),
    topic: events.Topic | None = None,
    *,
    also: Model | None = None,
    was: Mapping[str, str] = NOTHING,
) -> None:
    """Moves the order to the next state, with a line of its history and an event for the handlers.

    ``was`` are values that an order without a lock must still have. Raises ``Changed``.
    """
    order.state = move(ORDER_MOVES, order.state, state)
    new = [
        history.moved(order, state, by),
        *([events.event(topic, order)] if topic else ()),
        *([also] if also else ()),
    ]
    update_and_insert(order, ["state", "due_at", *more], *new, was=was)


def _sum(transaction: Transaction) -> str:
    return f"{transaction.transaction_id} {transaction.total} {transaction.trade_state}"
