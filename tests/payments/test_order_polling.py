import datetime
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.staff.models import StaffRight
from payments.bills.discrepancies import record
from payments.bills.models import Discrepancy
from payments.merchants.models import Merchant
from payments.orders import polling
from payments.orders.mismatches import Mismatch, MismatchKind
from payments.orders.models import Order, OrderEvent
from payments.orders.states import OrderState
from tests.cast import Cast, member, signed_in
from tests.payments.conftest import Ordered
from tests.payments.world import (
    TRANSACTIONS,
    answer_close,
    answer_query,
    answer_unknown,
    done,
    notify,
    reply,
    transaction,
)
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.platform import Reply
from wechat.kernel import work

MINUTE = datetime.timedelta(minutes=1)


def later(delta: datetime.timedelta) -> Any:
    return time_machine.travel(timezone.now() + delta, tick=True)


def seen(order: Order) -> Order:
    order.refresh_from_db()
    return order


def test_a_notification_that_never_comes_is_made_up_for_within_a_minute(
    ordered: Ordered, pay: PayPlatform
) -> None:
    order = ordered()
    answer_query(pay, order, "SUCCESS")
    assert work.run("orders.poll") == 0
    with later(MINUTE):
        assert work.run("orders.poll") == 1
    assert seen(order).state == OrderState.PAID


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_cannot_be_booked_holds_up_no_other_order(ordered: Ordered, pay: PayPlatform) -> None:
    """Its number belongs to a payment that is booked already, which the database refuses."""
    paid, impossible, other = (ordered(key=key) for key in ("paid", "impossible", "other"))
    notify(paid)
    answer_query(pay, impossible, "SUCCESS")
    answer_query(pay, other, "SUCCESS", transaction_id="4200002")
    with later(MINUTE):
        work.run("orders.poll")
        assert (seen(impossible).state, seen(other).state) == (OrderState.PAYING, OrderState.PAID)
        assert impossible.due_at
        assert impossible.due_at > timezone.now()
        assert "order_transaction_once" in impossible.error


@pytest.mark.parametrize("minutes", range(0, 110, 7))
def test_as_long_as_somebody_can_pay_it_is_asked_every_minute(ordered: Ordered, minutes: int) -> None:
    order = ordered(lifetime=datetime.timedelta(days=1))
    now = order.created_at + minutes * MINUTE
    assert polling.next_poll(order, now) - now < MINUTE


@pytest.mark.parametrize("kind", ["amount", "currency", "appid", "merchant", "payer"])
def test_what_waits_for_staff_since_its_payment_does_not_fit_is_asked_about_every_hour(
    ordered: Ordered, kind: str
) -> None:
    order, now = ordered(), timezone.now()
    polling.start_closing(order, by="worker")
    assert polling.next_poll(order, now) < now + datetime.timedelta(minutes=30)
    record(order.merchant, Mismatch(MismatchKind(kind), "x", order=order))
    assert polling.next_poll(order, now) == now + datetime.timedelta(hours=1)


def test_what_wechat_pay_says_that_nobody_understands_is_asked_about_ever_more_rarely_and_told(
    ordered: Ordered, pay: PayPlatform, staff: Cast
) -> None:
    order = ordered()
    path = f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}"
    pay.pay[path] = lambda request: refused(400, "INVALID_REQUEST", "无法识别")
    over, asked = order.expires_at, list[datetime.datetime]()
    finance = signed_in(member("money", order.account, StaffRight.Role.FINANCE))
    with time_machine.travel(over, tick=False) as clock:
        while timezone.now() < over + datetime.timedelta(days=1):
            work.run("orders.poll")
            asked.append(timezone.now())
            due_at = seen(order).due_at
            assert due_at
            clock.move_to(due_at)
        told = finance.get("/admin/todo/counts/").json()["kinds"]
    pauses = [after - before for before, after in pairwise(asked)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (datetime.timedelta(seconds=20), datetime.timedelta(hours=1))
    assert len(asked) < 60
    assert {each["key"].partition(":")[2] for each in told} == {"orders.stuck"}
    answer_query(pay, order)
    answer_close(pay, order)
    with later(datetime.timedelta(days=2)):
        work.run("orders.poll")
    assert seen(order).state == OrderState.CLOSED


def test_when_nobody_holds_anything_to_pay_with_it_rests_until_its_end(ordered: Ordered) -> None:
    order = ordered(lifetime=datetime.timedelta(days=1))
    assert polling.next_poll(order, order.created_at + 180 * MINUTE) == order.expires_at


def test_a_partial_refund_made_elsewhere_still_means_paid(ordered: Ordered, pay: PayPlatform) -> None:
    order = ordered()
    answer_query(pay, order, "REFUND")
    with later(MINUTE):
        work.run("orders.poll")
    assert seen(order).state == OrderState.PAID


def test_an_order_that_is_over_is_closed_there_and_then_here(ordered: Ordered, pay: PayPlatform) -> None:
    order = ordered()
    answer_query(pay, order)
    answer_close(pay, order)
    with later(31 * MINUTE):
        work.run("orders.poll")
    assert seen(order).state == OrderState.CLOSED
    assert OrderEvent.objects.get().topic == "order.closed"
    assert pay.requests[-1].path.endswith("/close")


def test_an_order_that_was_never_taken_is_closed_all_the_same(ordered: Ordered, pay: PayPlatform) -> None:
    order = ordered()
    answer_unknown(pay, order)
    answer_close(pay, order, refused(404, "ORDER_NOT_EXIST"))
    with later(31 * MINUTE):
        work.run("orders.poll")
    assert seen(order).state == OrderState.CLOSED


def test_a_payment_that_wins_the_race_against_closing_is_taken(ordered: Ordered, pay: PayPlatform) -> None:
    order = ordered()
    answer_query(pay, order)

    def paid_just_now(request: Any) -> Reply:
        answer_query(pay, order, "SUCCESS")
        return refused(400, "ORDER_PAID", "该订单已支付")

    pay.pay[f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}/close"] = paid_just_now
    with later(31 * MINUTE):
        work.run("orders.poll")
        assert seen(order).state == OrderState.CLOSING
    with later(32 * MINUTE):
        work.run("orders.poll")
    assert seen(order).state == OrderState.PAID


def test_a_notification_between_the_question_and_the_close_wins(ordered: Ordered, pay: PayPlatform) -> None:
    order = ordered()

    def notified_meanwhile(request: Any) -> Reply:
        return reply(**transaction(order, "NOTPAY"))

    pay.pay[f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}"] = notified_meanwhile
    answer_close(pay, order, done())
    with later(31 * MINUTE):
        polling.start_closing(order, by="test")
        notify(order)
        polling.poll([order])
    assert seen(order).state == OrderState.PAID


@pytest.mark.parametrize("answer", [Reply(b"", status=0), refused(500, "SYSTEM_ERROR"), Reply(b"{}")])
def test_without_a_clear_answer_it_is_closed_later_and_never_lost(
    ordered: Ordered, pay: PayPlatform, answer: Reply
) -> None:
    order = ordered()
    path = f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}"
    pay.pay[path] = lambda request: answer
    answer_close(pay, order)
    with later(31 * MINUTE):
        work.run("orders.poll")
        assert seen(order).state == OrderState.CLOSING
        assert not any(request.path.endswith("/close") for request in pay.requests)
    answer_query(pay, order)
    with later(32 * MINUTE):
        work.run("orders.poll")
    assert seen(order).state == OrderState.CLOSED


def test_a_close_whose_answer_is_lost_is_asked_for_again(ordered: Ordered, pay: PayPlatform) -> None:
    order = ordered()
    answer_query(pay, order)
    answer_close(pay, order, Reply(b"", status=0))
    with later(31 * MINUTE):
        work.run("orders.poll")
    assert seen(order).state == OrderState.CLOSING
    answer_query(pay, order, "CLOSED")
    with later(33 * MINUTE):
        work.run("orders.poll")
    assert seen(order).state == OrderState.CLOSED


def test_an_order_paid_after_it_was_closed_is_kept_and_shown(ordered: Ordered, pay: PayPlatform) -> None:
    order = ordered()
    answer_query(pay, order)
    answer_close(pay, order)
    with later(31 * MINUTE):
        work.run("orders.poll")
    assert notify(order).status_code == 204
    assert seen(order).state == OrderState.PAID
    assert Discrepancy.objects.get().kind == "late_payment"


def test_a_merchant_without_usable_keys_holds_up_nobody(ordered: Ordered) -> None:
    order = ordered()
    merchant = Merchant.objects.get()
    merchant.private_key = "lost"
    merchant.save()
    with later(MINUTE):
        assert work.run("orders.poll") == 1
    assert seen(order).state == OrderState.PAYING
    assert seen(order).due_at


def test_a_disabled_merchant_finishes_what_it_sold(ordered: Ordered, pay: PayPlatform) -> None:
    paid, asked, unpaid = ordered(), ordered(key="asked"), ordered(key="unpaid")
    Merchant.objects.update(enabled=False)
    assert notify(paid).status_code == 204
    answer_query(pay, asked, "SUCCESS", transaction_id="4200ASKED")
    answer_query(pay, unpaid)
    answer_close(pay, unpaid)
    with later(31 * MINUTE):
        work.run("orders.poll")
    states = [seen(order).state for order in (paid, asked, unpaid)]
    assert states == [OrderState.PAID, OrderState.PAID, OrderState.CLOSED]
