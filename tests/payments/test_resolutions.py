"""Tests of resolutions: events of the merchant platform, and mismatches, are booked by two people."""

import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from payments.bills.discrepancies import record
from payments.bills.models import Bill, BillLine, Discrepancy
from payments.orders import history
from payments.orders.mismatches import Mismatch, MismatchKind
from payments.orders.models import Order, Refund
from payments.orders.refunds import refunding
from payments.orders.states import OrderState, RefundState
from tests.cast import Cast, member, signed_in
from tests.payments.conftest import Ordered
from tests.payments.world import REFUND_ID, REFUNDS, answer_close, answer_query, notify, reply
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.platform import Reply, Request
from wechat.kernel import work

DISCREPANCIES = "/admin/bills/discrepancy"
HOUR = datetime.timedelta(hours=1)
BY_HAND = "made-by-hand"


@pytest.fixture
def ann(account: OfficialAccount) -> Client:
    return signed_in(member("ann", account, StaffRight.Role.FINANCE))


@pytest.fixture
def bob(account: OfficialAccount) -> Client:
    return signed_in(member("bob", account, StaffRight.Role.FINANCE))


def propose(client: Client, found: Discrepancy, resolution: str) -> Any:
    body = {"resolution": resolution, "note": "已与付款人确认"}
    return client.post(f"{DISCREPANCIES}/{found.pk}/propose/", body)


def agree(client: Client, found: Discrepancy, **more: str) -> Any:
    """Presses the button of the discrepancy's page as it is now, or another one."""
    found.refresh_from_db()
    return client.post(f"{DISCREPANCIES}/{found.pk}/decide/", more or {"agreed": found.resolution})


def reject(client: Client, found: Discrepancy) -> None:
    found.refresh_from_db()
    agree(client, found, rejected=found.resolution)


def books(order: Order) -> tuple[str, int, int, int]:
    order.refresh_from_db()
    return order.state, order.total, order.reserved, order.refunded


@pytest.fixture
def underpaid(ordered: Ordered, pay: PayPlatform) -> Order:
    """Returns an order for which WeChat Pay took ¥99.99 where ¥100.00 were asked for."""
    order = ordered()
    amount = {"total": 9999, "payer_total": 9999, "currency": "CNY"}
    notify(order, amount=amount)
    answer_query(pay, order, "SUCCESS", amount=amount)
    return order


def test_an_exception_is_in_the_history_of_its_order_once_however_long_its_texts_are(
    underpaid: Order,
) -> None:
    mismatch = Mismatch(MismatchKind.PAYER, "x" * 300, order=underpaid, here="9" * 500, there="8" * 500)
    for _again in range(2):
        record(underpaid.merchant, mismatch)
    found = Discrepancy.objects.get(kind=MismatchKind.PAYER)
    assert (found.subject, found.here, found.there) == ("x" * 120, "9" * 200, "8" * 200)
    assert [line.text for line in history.lines(underpaid) if line.step.kind == "discrepancy"] == [
        str(MismatchKind.AMOUNT.label), str(MismatchKind.PAYER.label),
    ]  # fmt: skip


def test_a_payment_that_does_not_fit_is_booked_by_two_people(
    underpaid: Order, ann: Client, bob: Client
) -> None:
    found = Discrepancy.objects.get()
    assert "按微信支付的记录入账" in ann.get(f"{DISCREPANCIES}/{found.pk}/change/").content.decode()
    propose(ann, found, "accept")
    agree(ann, found)
    assert books(underpaid)[:2] == (OrderState.PAYING, 10000)
    assert "已与付款人确认" in bob.get(f"{DISCREPANCIES}/{found.pk}/change/").content.decode()
    agree(bob, found)
    assert books(underpaid) == (OrderState.PAID, 9999, 0, 0)
    found.refresh_from_db()
    assert (found.state, found.proposed_by, found.closed_by) == (
        "closed",
        User.objects.get(username="ann"),
        User.objects.get(username="bob"),
    )
    assert underpaid.events.get().topic == "order.paid"


def test_or_it_is_given_back_whole(underpaid: Order, ann: Client, bob: Client) -> None:
    found = Discrepancy.objects.get()
    propose(ann, found, "refund")
    agree(bob, found)
    assert books(underpaid) == (OrderState.PAID, 9999, 9999, 0)
    refund = Refund.objects.get()
    assert (refund.state, refund.amount) == (RefundState.PENDING, 9999)
    assert (str(refund.asked_by), str(refund.decided_by)) == ("ann", "bob")


def test_what_is_rejected_books_nothing_and_stays_open(underpaid: Order, ann: Client, bob: Client) -> None:
    found = Discrepancy.objects.get()
    propose(ann, found, "accept")
    reject(bob, found)
    agree(bob, found)
    found.refresh_from_db()
    assert (found.state, found.resolution, found.proposed_by) == ("open", "", None)
    assert books(underpaid)[0] == OrderState.PAYING


def test_who_rejects_a_proposal_that_is_another_one_by_now_is_told(
    underpaid: Order, ann: Client, bob: Client
) -> None:
    found = Discrepancy.objects.get()
    propose(ann, found, "accept")
    reject(ann, found)
    propose(ann, found, "refund")
    agree(bob, found, rejected="accept")
    found.refresh_from_db()
    assert found.resolution == "refund"


def _paid_by_somebody_else_and_too_little(ordered: Ordered, pay: PayPlatform) -> Order:
    order = ordered()
    differing: dict[str, Any] = {
        "amount": {"total": 1, "currency": "CNY"},
        "payer": {"openid": "oSomebodyElse"},
    }
    notify(order, **differing)
    answer_query(pay, order, "SUCCESS", **differing)
    return order


def test_a_second_difference_needs_a_second_decision(
    ordered: Ordered, pay: PayPlatform, ann: Client, bob: Client
) -> None:
    order = _paid_by_somebody_else_and_too_little(ordered, pay)
    amount = Discrepancy.objects.get()
    propose(ann, amount, "accept")
    agree(bob, amount)
    assert books(order)[0] == OrderState.PAYING
    payer = Discrepancy.objects.get(kind="payer")
    propose(ann, payer, "accept")
    agree(bob, payer)
    assert books(order)[:2] == (OrderState.PAID, 1)
    assert not Discrepancy.objects.filter(state="open").exists()


def test_of_two_proposals_that_contradict_each_other_neither_is_booked(
    ordered: Ordered, pay: PayPlatform, ann: Client, bob: Client
) -> None:
    order = _paid_by_somebody_else_and_too_little(ordered, pay)
    amount = Discrepancy.objects.get()
    propose(ann, amount, "accept")
    agree(bob, amount)
    payer = Discrepancy.objects.get(kind="payer")
    propose(ann, payer, "refund")
    for agreed_to in (amount, payer):
        agree(bob, agreed_to)
        assert books(order) == (OrderState.PAYING, 10000, 0, 0)
        assert Discrepancy.objects.filter(state="open").count() == 2
    # Once they are alike, one agreement is for both, and what the history says is done.
    reject(ann, amount)
    propose(ann, amount, "refund")
    agree(bob, amount)
    assert books(order) == (OrderState.PAID, 1, 1, 0)
    assert not Discrepancy.objects.filter(state="open").exists()
    assert [refund.amount for refund in Refund.objects.all()] == [1]


def test_only_what_the_second_person_was_shown_is_booked(underpaid: Order, ann: Client, bob: Client) -> None:
    found = Discrepancy.objects.get()
    propose(ann, found, "accept")
    shown = bob.get(f"{DISCREPANCIES}/{found.pk}/change/").content.decode()
    assert 'name="agreed" value="accept"' in shown
    reject(ann, found)
    propose(ann, found, "refund")
    changed = agree(bob, found, agreed="accept")
    assert changed.status_code == 302
    assert books(underpaid) == (OrderState.PAYING, 10000, 0, 0)
    assert "已被他人处理" in bob.get(f"{DISCREPANCIES}/{found.pk}/change/").content.decode()


def test_what_was_proposed_meanwhile_is_neither_closed_nor_proposed_again(
    underpaid: Order, ann: Client, bob: Client
) -> None:
    found = Discrepancy.objects.get()
    propose(ann, found, "accept")
    body = {"resolution": "refund", "note": "已与付款人确认"}
    for button in ("propose", "close"):
        bob.post(f"{DISCREPANCIES}/{found.pk}/{button}/", body)
        assert "已被他人处理" in bob.get(f"{DISCREPANCIES}/{found.pk}/change/").content.decode()
    found.refresh_from_db()
    assert (found.state, found.resolution, str(found.proposed_by)) == ("open", "accept", "ann")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("instead", ["", "refund"])
def test_a_proposal_taken_back_while_wechat_pay_is_asked_is_not_booked(
    underpaid: Order, pay: PayPlatform, ann: Client, bob: Client, instead: str
) -> None:
    found = Discrepancy.objects.get()
    propose(ann, found, "accept")
    path = next(path for path in pay.pay if path.endswith(underpaid.out_trade_no))
    answer = pay.pay[path]

    def asked(request: Request) -> Reply:
        reject(ann, found)
        if instead:
            propose(ann, found, instead)
        connection.close()
        return answer(request)

    pay.pay[path] = asked
    page = agree(bob, found)
    assert page.status_code == 302
    assert books(underpaid) == (OrderState.PAYING, 10000, 0, 0)
    found.refresh_from_db()
    assert (found.state, found.resolution) == ("open", instead)


def test_without_an_answer_of_wechat_pay_nothing_is_booked_and_it_can_be_agreed_to_again(
    underpaid: Order, pay: PayPlatform, ann: Client, bob: Client
) -> None:
    found = Discrepancy.objects.get()
    propose(ann, found, "accept")
    path = next(path for path in pay.pay if path.endswith(underpaid.out_trade_no))
    answer, pay.pay[path] = pay.pay[path], lambda request: refused(500, "SYSTEM_ERROR")
    agree(bob, found)
    assert books(underpaid)[0] == OrderState.PAYING
    pay.pay[path] = answer
    agree(bob, found)
    assert books(underpaid)[0] == OrderState.PAID


def close(client: Client, found: Discrepancy) -> None:
    assert client.post(f"{DISCREPANCIES}/{found.pk}/close/", {"note": "已在线下退款"}).status_code == 302


@pytest.mark.parametrize("hours", [0, 1], ids=["payable", "over"])
def test_an_unfitting_payment_that_is_closed_with_a_note_closes_its_order(
    underpaid: Order, ann: Client, hours: int
) -> None:
    with time_machine.travel(timezone.now() + hours * HOUR):
        work.run("orders.poll")
        other = Mismatch(MismatchKind.PAYER, "x", order=underpaid, here="a", there="b")
        first, last = Discrepancy.objects.get(), record(underpaid.merchant, other)
        close(ann, first)
        underpaid.refresh_from_db()
        assert underpaid.is_open
        close(ann, last)
    underpaid.refresh_from_db()
    assert (underpaid.state, underpaid.due_at) == (OrderState.CLOSED, None)
    assert underpaid.events.get().topic == "order.closed"
    assert underpaid.steps.filter(kind="discrepancy", by="ann").count() == 2


@pytest.fixture
def paid_elsewhere(ordered: Ordered, pay: PayPlatform) -> Order:
    """Returns an order under whose number another merchant was paid; WeChat Pay still waits for ours."""
    order = ordered()
    notify(order, mchid="1900000999")
    answer_query(pay, order)
    return order


def test_an_order_that_can_still_be_paid_is_closed_at_wechat_pay_as_well(
    paid_elsewhere: Order, pay: PayPlatform, ann: Client
) -> None:
    answer_close(pay, paid_elsewhere)
    close(ann, Discrepancy.objects.get())
    paid_elsewhere.refresh_from_db()
    assert paid_elsewhere.state == OrderState.CLOSED
    assert pay.requests[-1].path.endswith(f"{paid_elsewhere.out_trade_no}/close")


def test_without_an_answer_of_wechat_pay_it_is_closed_there_later(
    paid_elsewhere: Order, pay: PayPlatform, ann: Client
) -> None:
    path = next(path for path in pay.pay if path.endswith(paid_elsewhere.out_trade_no))
    answer, pay.pay[path] = pay.pay[path], lambda request: refused(500, "SYSTEM_ERROR")
    close(ann, Discrepancy.objects.get())
    paid_elsewhere.refresh_from_db()
    assert (paid_elsewhere.state, Discrepancy.objects.get().state) == (OrderState.CLOSING, "closed")
    pay.pay[path] = answer
    answer_close(pay, paid_elsewhere)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=1)):
        work.run("orders.poll")
    paid_elsewhere.refresh_from_db()
    assert paid_elsewhere.state == OrderState.CLOSED


def test_another_exception_that_is_closed_with_a_note_leaves_its_order(ordered: Ordered, ann: Client) -> None:
    order = ordered()
    close(ann, record(order.merchant, Mismatch(MismatchKind.UNREADABLE, "x", order=order)))
    order.refresh_from_db()
    assert order.state == OrderState.PAYING


def test_while_staff_decide_it_is_not_asked_about_all_the_time(underpaid: Order) -> None:
    with time_machine.travel(timezone.now() + HOUR, tick=False) as clock:
        work.run("orders.poll")
        underpaid.refresh_from_db()
        assert underpaid.state == OrderState.CLOSING
        clock.shift(600)
        assert work.run("orders.poll") == 0
        clock.shift(3600)
        assert work.run("orders.poll") == 1


@pytest.fixture
def by_hand(paid: Order, pay: PayPlatform) -> Discrepancy:
    """A refund of ¥30.00 that somebody made in the merchant platform."""
    answered = {
        "out_trade_no": paid.out_trade_no,
        "transaction_id": paid.transaction_id,
        "out_refund_no": BY_HAND,
        "refund_id": REFUND_ID,
        "status": "SUCCESS",
        "success_time": timezone.localtime().isoformat(),
        "amount": {"total": paid.total, "refund": 3000, "payer_refund": 3000},
    }
    pay.pay[f"{REFUNDS}/{BY_HAND}"] = lambda request: reply(**answered)
    return record(paid.merchant, Mismatch(MismatchKind.UNKNOWN_REFUND, f"{BY_HAND} {REFUND_ID}", order=paid))


def test_a_refund_made_in_the_merchant_platform_is_adopted(
    by_hand: Discrepancy, paid: Order, ann: Client, bob: Client
) -> None:
    propose(ann, by_hand, "adopt")
    agree(bob, by_hand)
    assert books(paid) == (OrderState.PARTLY_REFUNDED, 10000, 3000, 3000)
    refund = Refund.objects.get()
    assert (refund.out_refund_no, refund.refund_id, refund.state) == (BY_HAND, REFUND_ID, RefundState.SUCCESS)
    by_hand.refresh_from_db()
    assert by_hand.state == "closed"
    # It is booked once, and nothing is called for.
    agree(bob, by_hand)
    assert work.run("orders.refund") == 0
    assert Refund.objects.count() == 1


def test_an_adopted_refund_is_found_in_the_bill_that_came_after_it_was_noticed(
    by_hand: Discrepancy, paid: Order, ann: Client, bob: Client
) -> None:
    day = timezone.localdate()
    bill = Bill.objects.create(merchant=paid.merchant, kind="trade", day=day, state="matched")
    line = BillLine.objects.create(
        bill=bill, number=1, kind="refund", at=timezone.now(), order=paid, out_trade_no=paid.out_trade_no,
        out_refund_no=BY_HAND, platform_refund_id=REFUND_ID, state="SUCCESS", amount=3000, fee=-18000,
    )  # fmt: skip
    assert by_hand.bill is None
    propose(ann, by_hand, "adopt")
    agree(bob, by_hand)
    line.refresh_from_db()
    assert line.refund == Refund.objects.get()


def test_more_than_is_left_of_the_order_is_not_adopted(
    by_hand: Discrepancy, paid: Order, ann: Client, bob: Client
) -> None:
    refunding.request(paid, 8000, source="test", key="r")
    propose(ann, by_hand, "adopt")
    agree(bob, by_hand)
    assert books(paid)[2] == 8000
    by_hand.refresh_from_db()
    assert by_hand.state == "open"


def test_who_is_alone_is_told_what_can_be_done(underpaid: Order, staff: Cast) -> None:
    User.objects.filter(is_superuser=True).update(is_active=False)
    found, alone = Discrepancy.objects.get(), "目前没有其他人可以同意"
    owner = signed_in(staff.owner)
    for _step in ("not proposed", "proposed"):
        shown = owner.get(f"{DISCREPANCIES}/{found.pk}/change/").content.decode()
        assert (alone in shown, "/invite/" in shown) == (True, True)
        propose(owner, found, "accept")
    member("second", staff.ours, StaffRight.Role.FINANCE)
    assert alone not in owner.get(f"{DISCREPANCIES}/{found.pk}/change/").content.decode()


def test_only_who_may_refund_proposes_and_agrees(underpaid: Order, staff: Cast, ann: Client) -> None:
    found = Discrepancy.objects.get()
    assert propose(signed_in(staff.auditor), found, "accept").status_code == 403
    assert propose(signed_in(staff.outsider), found, "accept").status_code == 404
    propose(ann, found, "accept")
    assert agree(signed_in(staff.auditor), found).status_code == 403
    assert books(underpaid)[0] == OrderState.PAYING


def test_the_database_lets_nobody_agree_with_themselves(underpaid: Order, admin_user: User) -> None:
    Discrepancy.objects.update(resolution="accept", note="x", proposed_by=admin_user)
    with pytest.raises(IntegrityError), transaction.atomic():
        Discrepancy.objects.update(state="closed", closed_at=timezone.now(), closed_by=admin_user)
