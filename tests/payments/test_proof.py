"""Tests of random histories: the console's ledger equals WeChat Pay's, to the fen, without manual work."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.bills import reconciling
from payments.bills.models import Discrepancy
from payments.merchants.models import Merchant
from payments.orders.models import Order, OrderEvent, Refund
from payments.orders.states import OPEN, OrderState, RefundState
from tests.payments.history import History, our_ledger, their_ledger
from tests.simulated import Simulated

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def history(simulated: Simulated, simulated_merchant: Merchant) -> Iterator[History]:
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        reconciling.begin(simulated_merchant)
        yield History(simulated, simulated_merchant, traveller)


NUMBERS = st.integers(0, 9)
AMOUNTS = st.sampled_from([1, 2, 99, 100, 3000, 10000])
CALL_FAULTS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"lose_answer": True},
        {"status": 500, "code": "SYSTEM_ERROR"},
        {"status": 500, "code": "SYSTEM_ERROR", "after": True},
        {"status": 429, "code": "FREQUENCY_LIMITED"},
        {"spoil": "probe"},
        {"spoil": "unsigned"},
    ]
)
NOTIFICATION_FAULTS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}, {}, {"lose": True}, {"copies": 3}, {"delay": 400.0}, {"spoil": "probe"}, {"spoil": "body"}]
)
PAY = st.tuples(st.just("pay"), NUMBERS, NOTIFICATION_FAULTS, st.booleans())
# Most of what happens is that somebody orders and pays.
STEPS = st.one_of(
    PAY,
    PAY,
    st.tuples(st.just("order"), AMOUNTS, CALL_FAULTS),
    st.tuples(st.just("crash_while_ordering"), AMOUNTS),
    PAY,
    st.tuples(st.just("close"), NUMBERS, CALL_FAULTS),
    st.tuples(st.just("refund"), NUMBERS, AMOUNTS, CALL_FAULTS),
    st.tuples(st.just("crash_while_refunding"), NUMBERS, AMOUNTS),
    st.tuples(
        st.just("crash"),
        st.integers(0, 15),
        st.sampled_from(["ordering", "closing", "refunding", "working"]),
        NUMBERS,
        AMOUNTS,
    ),
    st.tuples(st.just("end_refunds"), st.sampled_from(["CLOSED", "ABNORMAL"])),
    st.tuples(st.just("pass_time"), st.sampled_from([5, 40, 700, 2000])),
)


@settings(max_examples=8)
@given(steps=st.lists(STEPS, min_size=6, max_size=20))
def test_after_any_history_our_ledger_is_theirs(history: History, steps: list[Any]) -> None:
    history.order(10000, {})
    for name, *given_to_it in steps:
        if name == "pay":
            number, fault, late = given_to_it
            history.pay(number, fault, late=late)
        else:
            getattr(history, name)(*given_to_it)
    history.recover()
    assert our_ledger(history.merchant) == their_ledger(history.simulated, history.merchant)
    assert not Order.objects.filter(state__in=OPEN).exists()
    paid_events = OrderEvent.objects.filter(topic="order.paid").count()
    assert paid_events == Order.objects.filter(paid_at__isnull=False).count()
    failed = Refund.objects.filter(state__in=[RefundState.CLOSED, RefundState.REFUSED])
    discrepancies = Discrepancy.objects.exclude(kind="late_payment")
    assert not discrepancies.exclude(
        kind="refund_failed", subject__in=failed.values("out_refund_no")
    ).exists()


def test_a_notification_that_never_comes_is_noticed_within_a_minute(history: History) -> None:
    history.order(100, {})
    history.pay(0, {"lose": True}, late=False)
    assert Order.objects.get().state == OrderState.PAYING
    history.pass_time(60)
    assert Order.objects.get().state == OrderState.PAID


def test_a_payment_that_nobody_told_of_after_closing_is_found_in_the_bill(history: History) -> None:
    history.order(100, {})
    history.pass_time(2000)
    assert Order.objects.get().state == OrderState.CLOSED
    history.pay(0, {"lose": True}, late=True)
    for _attempt in range(16):
        history.fault(at="notification", lose=True)
    history.recover()
    assert Order.objects.get().state == OrderState.PAID
    assert our_ledger(history.merchant) == their_ledger(history.simulated, history.merchant)
