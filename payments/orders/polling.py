"""The polling of open orders, and the closing of expired ones.

A notification that never comes is made up for by asking: every half a minute at first, then every fifty
seconds as long as somebody could pay. Closing is done with WeChat Pay first, then here; a payment that wins
that race is taken. What cannot be closed, as nobody understands what WeChat Pay says of it, is asked about
less and less often.

WeChat Pay reference 5.1, 5.2, 10.2, 10.3.
"""

import datetime
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from payments.merchants import held_work
from payments.merchants.directory import MerchantUnusable, cashier_for
from payments.orders import history
from payments.orders.apply_transaction import apply, closed
from payments.orders.mismatches import UNFITTING
from payments.orders.models import Order, Step
from payments.orders.states import ORDER_MOVES, OrderState, move
from wechat.kernel import outage_errors, work
from wechat.sdk.errors import Cause, WeChatError
from wechat.sdk.pay.cashier import Cashier
from wechat.sdk.pay.errors import PayRefused
from wechat.sdk.pay.transactions import Transaction

Answer = TypeVar("Answer")
# The possible results of a query without an answer.
Failure = WeChatError | MerchantUnusable

AT_ONCE = 16
SOON = datetime.timedelta(seconds=5)
FIRST_LOOK = datetime.timedelta(seconds=30)
LATER_LOOK = datetime.timedelta(seconds=50)
EAGER = datetime.timedelta(minutes=10)
AGAIN = datetime.timedelta(seconds=20)
# A closing that did not come to its end is tried again after so much of the time since the order was over.
SLOWER = 4
# It was paid, but not as it was asked for: until staff decide nothing changes by asking.
RARE_LOOK = datetime.timedelta(hours=1)
# An order that is being closed for so long is not closed by asking.
STUCK_AFTER = datetime.timedelta(hours=2)
NOT_THERE = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST"})
# Causes that concern the merchant or WeChat Pay and not one order.
OF_OTHERS = frozenset({Cause.ACCOUNT, Cause.AWAY, Cause.RATE, Cause.QUOTA})

POLLS = work.Kind(
    "orders.poll",
    lambda: Order.objects.select_related("account", "merchant"),
    label=gettext_lazy("Asking WeChat Pay about open orders"),
    lease=datetime.timedelta(minutes=2),
    queue=work.INTERACTIVE,
    batch=AT_ONCE,
    retry=(SOON, AGAIN, LATER_LOOK),
    subject="merchant_id",
    # As long as somebody could pay, polling has to go on.
    gives_up=False,
)
held_work.add(POLLS.name)


@POLLS.together
def poll_due(found: Sequence[Order]) -> None:
    """Polls claimed orders; a failed query of one delays only those of its merchant."""
    for order, failure in zip(found, _polled(found), strict=True):
        if failure is None or (isinstance(failure, Failure) and failure.cause not in OF_OTHERS):
            POLLS.answered(order)
            if order.attempts:
                order.settle(attempts=0, error="")
        elif order.is_open:
            POLLS.failed(order, failure)


def _polled(found: Sequence[Order]) -> list[Exception | None]:
    """Polls orders; after an unexpected error, polls each one alone to find the one that causes it."""
    try:
        return [*poll(found)]
    except Exception as error:
        if outage_errors.outage_of(error) == outage_errors.POSTGRES:
            # For the others it would be the same.
            raise
        return [error] if len(found) == 1 else [each for order in found for each in _polled([order])]


def poll(found: Sequence[Order]) -> list[Failure | None]:
    """Queries the orders, applies the answers, and closes those that are expired and unpaid.

    Returns for each order its failure, or ``None``.
    """
    for order in found:
        if order.expires_at <= timezone.now():
            start_closing(order, by=history.WORKER)
    answers = [(order, answer) for order, answer in zip(found, _each(_query, found), strict=True)]
    for order, answer in answers:
        _settle(order, answer)
        if _is_left_unpaid(order, answer):
            with transaction.atomic():
                closed(Order.locked(order.pk), history.WORKER)
    unpaid = [order for order, answer in answers if _is_closable(order, answer)]
    failures = {order.pk: answer for order, answer in answers if not isinstance(answer, Transaction)}
    for order, refusal in zip(unpaid, _each(_close, unpaid), strict=True):
        _settle_close(order, refusal)
        if refusal is not None:
            failures[order.pk] = refusal
    return [failures.get(order.pk) for order in found]


def look_up(found: Sequence[Order]) -> None:
    """Queries orders, whatever their state, and applies the answers."""
    for order, answer in zip(found, _each(_query, found), strict=True):
        if isinstance(answer, Transaction):
            apply(order.merchant, answer, by=history.PLATFORM)


def start_closing(order: Order, *, by: str) -> bool:
    """Stops new payments of the order; returns ``False`` if it is no longer open."""
    soon = timezone.now() + AGAIN
    with transaction.atomic():
        locked = Order.locked(order.pk)
        if locked.state in {OrderState.CREATED, OrderState.PAYING}:
            locked.state = move(ORDER_MOVES, locked.state, OrderState.CLOSING)
            # The caller closes it at once; a worker tries later if that fails.
            locked.due_at = min(locked.due_at or soon, soon)
            locked.save(update_fields=["state", "due_at"])
            history.write(locked, Step.Kind.MOVED, locked.state, by)
    order.state = locked.state
    return locked.state == OrderState.CLOSING


def waits_for_staff(order: Order) -> bool:
    """Returns whether a payment that does not match the order waits for a decision of staff."""
    return _unfitting(order).filter(state="open").exists()


def stuck(account_id: Any) -> QuerySet[Order]:
    """Returns the account's orders that could not be closed, but for those of which a discrepancy tells."""
    long_over = Order.objects.filter(
        account=account_id, state=OrderState.CLOSING, expires_at__lt=timezone.now() - STUCK_AFTER
    )
    return long_over.exclude(discrepancies__state="open")


def next_poll(order: Order, now: datetime.datetime) -> datetime.datetime:
    """Returns when to poll an unpaid order again."""
    if order.state == OrderState.CLOSING:
        slower = min(max(AGAIN, (now - order.expires_at) / SLOWER), RARE_LOOK)
        return now + (RARE_LOOK if waits_for_staff(order) else slower)
    if now - order.created_at < EAGER:
        pause = FIRST_LOOK
    elif order.prepay_until is not None and now < order.prepay_until + LATER_LOOK:
        pause = LATER_LOOK
    else:
        # No payer holds a valid prepayment.
        return order.expires_at
    return min(now + pause, order.expires_at)


def _settle(order: Order, answer: Transaction | Failure) -> None:
    if isinstance(answer, Transaction):
        apply(order.merchant, answer, by=history.PLATFORM)
    elif not (isinstance(answer, PayRefused) and answer.code in NOT_THERE):
        history.write(order, Step.Kind.QUERIED, str(answer), history.PLATFORM)
    _postpone(order)


def _postpone(order: Order) -> None:
    with transaction.atomic():
        locked = Order.locked(order.pk)
        if locked.is_open:
            locked.due_at = next_poll(locked, timezone.now())
            locked.save(update_fields=["due_at"])
    order.state, order.due_at = locked.state, locked.due_at


def _is_left_unpaid(order: Order, answer: Transaction | Failure) -> bool:
    """Returns whether to close the order here only: it is paid at WeChat Pay, but staff do not book that."""
    if order.state != OrderState.CLOSING or not isinstance(answer, Transaction) or not answer.is_paid:
        return False
    return _unfitting(order).exists() and not waits_for_staff(order)


def _unfitting(order: Order) -> QuerySet[Model]:
    return order.discrepancies.filter(kind__in=sorted(UNFITTING), refund=None)


def _is_closable(order: Order, answer: Transaction | Failure) -> bool:
    """Returns whether the order is being closed and WeChat Pay has just said that it is unpaid."""
    if order.state != OrderState.CLOSING:
        return False
    if isinstance(answer, Transaction):
        return not answer.is_paid
    return isinstance(answer, PayRefused) and answer.code in NOT_THERE


def _settle_close(order: Order, refusal: Failure | None) -> None:
    """Closes an order if WeChat Pay has closed it; else leaves it to the next poll, as it may be paid."""
    gone = isinstance(refusal, PayRefused) and refusal.code in NOT_THERE
    history.write(order, Step.Kind.CLOSED, str(refusal or ""), history.PLATFORM)
    if refusal is None or gone:
        with transaction.atomic():
            closed(Order.locked(order.pk), history.PLATFORM)


def _query(cashier: Cashier, number: str, appid: str) -> Transaction:
    return cashier.query(number, appid)


def _close(cashier: Cashier, number: str, appid: str) -> None:
    cashier.close(number, appid)


def _each(ask: Callable[[Cashier, str, str], Answer], found: Iterable[Order]) -> list[Answer | Failure]:
    """Calls ``ask`` for all orders in parallel and returns the answers; the threads make no queries."""
    calls = [(_cashier(order), order.out_trade_no, order.account.appid) for order in found]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda call: _answer(ask, *call), calls))


def _answer(
    ask: Callable[[Cashier, str, str], Answer], cashier: Cashier | MerchantUnusable, number: str, appid: str
) -> Answer | Failure:
    if isinstance(cashier, MerchantUnusable):
        return cashier
    try:
        return ask(cashier, number, appid)
    except WeChatError as error:
        return error


def _cashier(order: Order) -> Cashier | MerchantUnusable:
    try:
        return cashier_for(order.merchant, order.protocol)
    except MerchantUnusable as error:
        return error
