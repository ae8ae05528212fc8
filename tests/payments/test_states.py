import importlib
import itertools
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from payments.orders import states
from payments.orders.models import Order, Refund
from payments.orders.states import ORDER_MOVES, REFUND_MOVES, IllegalMove, OrderState, RefundState, move
from tests.payments.conftest import Ordered

frozen = importlib.import_module("payments.orders.migrations._forward_only")


def test_every_state_has_its_moves_and_no_move_leads_elsewhere() -> None:
    for table, known in ((ORDER_MOVES, OrderState), (REFUND_MOVES, RefundState)):
        assert set(table) == set(known.values)
        assert set().union(*table.values()) <= set(known.values)


def test_nothing_goes_in_circles() -> None:
    """Whatever was left is never reached again, but by a refund that is paid out anew."""
    refund_moves = dict(REFUND_MOVES)
    refund_moves[RefundState.ABNORMAL] -= {RefundState.PROCESSING}
    for table in (ORDER_MOVES, refund_moves):
        for start in table:
            reached, waiting = set(), list(table[start])
            while waiting:
                state = waiting.pop()
                if state not in reached:
                    reached.add(state)
                    waiting.extend(table[state])
            assert start not in reached


def test_money_that_came_never_unhappens() -> None:
    for state in states.PAID:
        assert ORDER_MOVES[state] <= states.PAID


@pytest.mark.parametrize("table", [ORDER_MOVES, REFUND_MOVES], ids=["orders", "refunds"])
def test_a_move_that_is_not_in_the_table_is_refused(table: dict[str, frozenset[str]]) -> None:
    for before, after in itertools.product(table, repeat=2):
        if after in table[before]:
            assert move(table, before, after) == after
        else:
            with pytest.raises(IllegalMove):
                move(table, before, after)


def test_the_database_knows_the_same_tables() -> None:
    for ours, theirs in ((ORDER_MOVES, frozen.ORDER_MOVES), (REFUND_MOVES, frozen.REFUND_MOVES)):
        assert {str(state): {str(one) for one in moves} for state, moves in ours.items()} == {
            state: set(moves) for state, moves in theirs.items()
        }


def test_the_database_refuses_to_move_money_backwards(paid: Order) -> None:
    for state in (OrderState.CREATED, OrderState.PAYING, OrderState.CLOSED, OrderState.FAILED):
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.filter(pk=paid.pk).update(state=state, transaction_id=None, paid_at=None)


BROKEN: dict[str, dict[str, Any]] = {
    "order_total_positive": {"total": 0},
    "order_refunds_within_total": {"reserved": 10001},
    "order_state_tells_refunds": {"reserved": 1, "refunded": 1},
    "order_paid_with_proof": {"transaction_id": None},
    "order_in_wechat_has_openid": {"openid": ""},
}


@pytest.mark.parametrize("constraint", BROKEN)
def test_the_database_keeps_the_books_right(paid: Order, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Order.objects.filter(pk=paid.pk).update(**BROKEN[constraint])


def test_the_history_knows_every_state_that_an_order_moved_to(paid: Order) -> None:
    with pytest.raises(IntegrityError, match="step_moved_to_known_state"), transaction.atomic():
        paid.steps.create(kind="moved", text="Paid")


def test_an_open_order_is_always_looked_after(ordered: Ordered) -> None:
    order = ordered()
    with pytest.raises(IntegrityError, match="order_due_while_open"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(due_at=None)


def test_a_refund_has_proof_and_a_second_person(paid: Order) -> None:
    refund = Refund(
        account=paid.account, order=paid, out_refund_no="R", source="t", key="k", amount=1,
        state=RefundState.SUCCESS,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="refund_success_with_proof"), transaction.atomic():
        refund.save()
