import datetime
import itertools
import json
import threading
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from accounts.approvals.models import ApprovalLimit
from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from payments.bills.models import Discrepancy
from payments.orders import events
from payments.orders.models import Order, OrderEvent, Refund
from payments.orders.ordering import OrderRefused
from payments.orders.refunds import approval, limits, refunding
from payments.orders.refunds.reports import adopt
from payments.orders.states import OrderState, RefundState
from tests.cast import member
from tests.payments.conftest import Ordered
from tests.payments.world import REFUNDS, notify, notify_refund, refund_id, reply, report
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.platform import Reply, Request
from wechat.kernel import work
from wechat.sdk.pay.transactions import read_refund

HOUR = datetime.timedelta(hours=1)


def ask(order: Order, amount: int, key: str = "r1", **more: Any) -> Refund:
    return refunding.request(order, amount, source="test", key=key, **more)


def answer(pay: PayPlatform, status: str = "PROCESSING", **differently: Any) -> None:
    """Makes WeChat Pay accept every refund with this answer."""

    def accept(request: Request) -> Reply:
        asked = json.loads(request.body)
        found = {
            "out_refund_no": asked["out_refund_no"],
            "refund_id": refund_id(asked["out_refund_no"]),
            "status": status,
            "amount": asked["amount"],
        }
        return reply(**{**found, **differently})

    pay.pay[REFUNDS] = accept


def answer_query(
    pay: PayPlatform, refund: Refund, given: Reply | None = None, status: str = "SUCCESS"
) -> None:
    found = report(refund, status)
    pay.pay[f"{REFUNDS}/{refund.out_refund_no}"] = lambda request: given or reply(**found)


def books(order: Order) -> tuple[str, int, int]:
    order.refresh_from_db()
    return order.state, order.reserved, order.refunded


def state(refund: Refund) -> str:
    refund.refresh_from_db()
    return refund.state


def later(delta: datetime.timedelta) -> Any:
    return time_machine.travel(timezone.now() + delta, tick=True)


def test_a_part_then_the_rest_is_given_back(paid: Order, pay: PayPlatform) -> None:
    answer(pay)
    first = ask(paid, 3000)
    assert books(paid) == (OrderState.PAID, 3000, 0)
    work.run("orders.refund")
    assert state(first) == RefundState.PROCESSING
    assert notify_refund(first).status_code == 204
    assert books(paid) == (OrderState.PARTLY_REFUNDED, 3000, 3000)
    second = ask(paid, 7000, "r2")
    answer(pay, "SUCCESS")
    work.run("orders.refund")
    assert state(second) == RefundState.SUCCESS
    assert books(paid) == (OrderState.REFUNDED, 10000, 10000)
    assert OrderEvent.objects.filter(topic="refund.succeeded").count() == 2


def test_the_same_key_is_the_same_refund(paid: Order) -> None:
    assert ask(paid, 3000).pk == ask(paid, 3000).pk
    assert books(paid)[1] == 3000
    for amount, reason in ((2000, ""), (3000, "another parcel")):
        with pytest.raises(OrderRefused) as no:
            ask(paid, amount, reason=reason)
        assert no.value.code == "conflict"


@pytest.mark.parametrize("amount", [0, -1, 1.5, True, "100"])
def test_an_amount_that_is_none_is_refused(paid: Order, amount: Any) -> None:
    with pytest.raises(OrderRefused) as no:
        ask(paid, amount)
    assert no.value.code == "amount"


def test_more_than_was_paid_is_never_given_back(paid: Order) -> None:
    ask(paid, 6000)
    with pytest.raises(OrderRefused) as no:
        ask(paid, 4001, "r2")
    assert no.value.code == "too_much"
    assert "4000" in str(no.value.sentence)


def test_an_unpaid_order_gives_nothing_back(ordered: Ordered) -> None:
    with pytest.raises(OrderRefused) as no:
        ask(ordered(), 1)
    assert no.value.code == "not_paid"


def test_after_a_year_and_after_fifty_parts_wechat_pay_gives_nothing_back(paid: Order) -> None:
    for number in range(refunding.MOST_PARTS):
        ask(paid, 1, f"r{number}")
    with pytest.raises(OrderRefused) as no:
        ask(paid, 1, "more")
    assert no.value.code == "too_many"
    Order.objects.update(paid_at=timezone.now() - datetime.timedelta(days=366))
    with pytest.raises(OrderRefused) as no:
        ask(paid, 1, "more")
    assert no.value.code == "too_late"


@pytest.mark.django_db(transaction=True)
def test_refunds_that_race_never_exceed_the_payment(paid: Order) -> None:
    taken: list[int] = []

    def race(number: int) -> None:
        try:
            taken.append(ask(paid, 6000, f"r{number}").amount)
        except OrderRefused:
            taken.append(0)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[number]) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [0] * 4 + [6000]
    assert books(paid)[1] == 6000


def test_a_lost_answer_is_looked_up_before_anything_is_sent_again(paid: Order, pay: PayPlatform) -> None:
    refund = ask(paid, 3000)
    pay.pay[REFUNDS] = lambda request: Reply(b"", status=0)
    work.run("orders.refund")
    assert state(refund) == RefundState.PENDING
    answer_query(pay, refund)
    with later(HOUR):
        work.run("orders.refund")
    assert state(refund) == RefundState.SUCCESS
    assert pay.calls()[REFUNDS] == 1


def test_a_refund_that_never_arrived_is_sent_again_under_its_number(paid: Order, pay: PayPlatform) -> None:
    refund = ask(paid, 3000)
    pay.pay[REFUNDS] = lambda request: Reply(b"", status=0)
    work.run("orders.refund")
    answer_query(pay, refund, refused(404, "RESOURCE_NOT_EXISTS"))
    answer(pay, "SUCCESS")
    with later(HOUR):
        work.run("orders.refund")
    assert state(refund) == RefundState.SUCCESS
    sent = [request.body for request in pay.requests if request.path == REFUNDS]
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_a_definite_refusal_frees_the_amount(paid: Order, pay: PayPlatform) -> None:
    refund = ask(paid, 3000)
    pay.pay[REFUNDS] = lambda request: refused(403, "USER_ACCOUNT_ABNORMAL", "用户账户异常")
    answer_query(pay, refund, refused(404, "RESOURCE_NOT_EXISTS"))
    work.run("orders.refund")
    assert state(refund) == RefundState.REFUSED
    assert "用户账户异常" in refund.error
    assert books(paid) == (OrderState.PAID, 0, 0)
    assert OrderEvent.objects.filter(topic="refund.failed").exists()
    # A discrepancy tells staff that the payer waits for money that does not come.
    found = Discrepancy.objects.get()
    assert (found.kind, found.refund, found.account) == ("refund_failed", refund, paid.account)
    assert "用户账户异常" in found.there


def test_a_refusal_of_a_refund_that_is_there_all_the_same_frees_nothing(
    paid: Order, pay: PayPlatform
) -> None:
    refund = ask(paid, 3000)
    pay.pay[REFUNDS] = lambda request: refused(400, "INVALID_REQUEST")
    answer_query(pay, refund, status="PROCESSING")
    work.run("orders.refund")
    assert state(refund) == RefundState.PROCESSING
    assert books(paid)[1] == 3000


def test_without_money_in_the_account_it_waits_and_says_so(paid: Order, pay: PayPlatform) -> None:
    refund = ask(paid, 3000)
    pay.pay[REFUNDS] = lambda request: refused(403, "NOT_ENOUGH", "余额不足")
    work.run("orders.refund")
    assert (state(refund), refund.error) == (RefundState.PENDING, "NOT_ENOUGH 余额不足")
    answer_query(pay, refund, refused(404, "RESOURCE_NOT_EXISTS"))
    answer(pay, "SUCCESS")
    with later(HOUR):
        work.run("orders.refund")
    assert state(refund) == RefundState.SUCCESS


@pytest.mark.parametrize("refusal", [refused(429, "FREQUENCY_LIMITED"), refused(500, "SYSTEM_ERROR")])
def test_a_busy_platform_is_asked_later(paid: Order, pay: PayPlatform, refusal: Reply) -> None:
    refund = ask(paid, 3000)
    pay.pay[REFUNDS] = lambda request: refusal
    work.run("orders.refund")
    assert state(refund) == RefundState.PENDING
    assert refund.due_at
    assert books(paid)[1] == 3000


def test_a_closed_refund_frees_the_amount_for_a_new_number(paid: Order, pay: PayPlatform) -> None:
    answer(pay)
    refund = ask(paid, 10000)
    work.run("orders.refund")
    notify_refund(refund, "CLOSED")
    assert state(refund) == RefundState.CLOSED
    assert Discrepancy.objects.get().kind == "refund_failed"
    assert books(paid) == (OrderState.PAID, 0, 0)
    assert ask(paid, 10000, "r2").out_refund_no != refund.out_refund_no


@pytest.mark.django_db(transaction=True)
def test_an_answer_from_before_it_failed_does_not_hide_that_it_failed(paid: Order, pay: PayPlatform) -> None:
    answer(pay)
    refund = ask(paid, 3000)
    work.run("orders.refund")
    answered = report(refund, "PROCESSING")

    def overtaken(request: Request) -> Reply:
        """Answers when the notification has been quicker."""
        notify_refund(refund, "ABNORMAL")
        connection.close()
        return reply(**answered)

    pay.pay[f"{REFUNDS}/{refund.out_refund_no}"] = overtaken
    with later(HOUR):
        work.run("orders.refund")
    assert state(refund) == RefundState.ABNORMAL
    # What WeChat Pay is asked from then on is about what was done since, in the merchant platform if need be.
    pay.pay[f"{REFUNDS}/{refund.out_refund_no}"] = lambda request: reply(**answered)
    with later(2 * HOUR):
        work.run("orders.refund")
    assert state(refund) == RefundState.PROCESSING


def test_an_abnormal_refund_stays_open_until_it_succeeds(paid: Order, pay: PayPlatform) -> None:
    answer(pay)
    refund = ask(paid, 3000)
    work.run("orders.refund")
    notify_refund(refund, "ABNORMAL")
    assert state(refund) == RefundState.ABNORMAL
    assert books(paid) == (OrderState.PAID, 3000, 0)
    answer_query(pay, refund)
    with later(HOUR):
        work.run("orders.refund")
    assert state(refund) == RefundState.SUCCESS


def test_late_and_repeated_reports_change_nothing(paid: Order, pay: PayPlatform) -> None:
    answer(pay, "SUCCESS")
    refund = ask(paid, 3000)
    work.run("orders.refund")
    for status in ("SUCCESS", "ABNORMAL", "PROCESSING"):
        assert notify_refund(refund, status).status_code == 204
    assert state(refund) == RefundState.SUCCESS
    assert books(paid) == (OrderState.PARTLY_REFUNDED, 3000, 3000)
    assert not Discrepancy.objects.exists()


@pytest.mark.parametrize(
    ("status", "differently", "kind"),
    [
        ("CLOSED", {}, "refund_backwards"),
        ("SUCCESS", {"out_refund_no": "somebody-elses"}, "unknown_refund"),
        ("SUCCESS", {"amount": {"total": 10000, "refund": 1}}, "refund_amount"),
    ],
)
def test_a_report_that_does_not_fit_is_shown_and_not_applied(
    paid: Order, pay: PayPlatform, status: str, differently: dict[str, Any], kind: str
) -> None:
    answer(pay, "SUCCESS")
    refund = ask(paid, 3000)
    work.run("orders.refund")
    assert notify_refund(refund, status, **differently).status_code == 204
    assert Discrepancy.objects.get().kind == kind
    assert books(paid) == (OrderState.PARTLY_REFUNDED, 3000, 3000)


def test_a_refund_notification_is_no_payment(ordered: Ordered) -> None:
    """Money back for an order we do not know as paid: a discrepancy, and the order stays as it is."""
    order = ordered()
    refund = Refund(order=order, out_refund_no="X", amount=100, pk=1)
    notify_refund(refund)
    order.refresh_from_db()
    assert order.state == OrderState.PAYING
    assert Discrepancy.objects.get().kind == "unknown_refund"


@pytest.fixture
def finance(account: OfficialAccount) -> User:
    return member("finance", account, StaffRight.Role.FINANCE)


@pytest.fixture
def owner(account: OfficialAccount) -> User:
    return member("owner", account, StaffRight.Role.OWNER)


def test_above_the_limit_a_second_person_decides(paid: Order, finance: User, owner: User) -> None:
    ApprovalLimit.objects.create(action="refund", account=paid.account, role="finance", alone_up_to=2999)
    refund = ask(paid, 3000, by=finance)
    assert (refund.state, refund.due_at) == (RefundState.WAITING, None)
    assert books(paid)[1] == 3000
    with pytest.raises(OrderRefused):
        approval.approve(refund, finance)
    assert approval.approve(refund, owner)
    assert not approval.approve(refund, owner)
    assert state(refund) == RefundState.PENDING
    assert refund.decided_by == owner
    assert refund.due_at


def test_a_rejected_refund_frees_the_amount(paid: Order, finance: User, owner: User) -> None:
    ApprovalLimit.objects.create(action="refund", account=paid.account, role="finance", alone_up_to=0)
    refund = ask(paid, 3000, by=finance)
    assert approval.reject(refund, owner)
    assert not approval.approve(refund, owner)
    assert state(refund) == RefundState.REJECTED
    assert books(paid) == (OrderState.PAID, 0, 0)


def test_limits_are_those_of_the_roles(account: OfficialAccount, finance: User, owner: User) -> None:
    auditor = member("auditor", account, StaffRight.Role.AUDITOR)
    superuser = User.objects.create_superuser("root")
    assert limits.limit_of(finance, account.pk) == approval.ALONE_UP_TO
    assert limits.limit_of(owner, account.pk) is None
    assert limits.limit_of(superuser, account.pk) is None
    assert limits.limit_of(auditor, account.pk) == 0
    ApprovalLimit.objects.create(action="refund", account=account, role="owner", alone_up_to=5)
    assert limits.limit_of(User.objects.get(pk=owner.pk), account.pk) == 5


def test_of_one_purchase_paid_twice_the_second_payment_goes_back(ordered: Ordered, pay: PayPlatform) -> None:

    answer(pay, "SUCCESS")
    first, second = ordered(key="a", purchase="p"), ordered(key="b", purchase="p")
    notify(first)
    notify(second, transaction_id="4200002", success_time=timezone.now().isoformat())
    work.run("orders.publish")
    work.run("orders.publish")
    work.run("orders.refund")
    assert books(first) == (OrderState.PAID, 0, 0)
    assert books(second) == (OrderState.REFUNDED, 10000, 10000)


def paid_anew(ordered: Ordered, first: Order) -> Order:
    """Returns a later payment of the same purchase, after all handlers ran."""
    anew = ordered(key="anew", purchase=first.purchase)
    paid_at = (timezone.now() + HOUR).isoformat()
    assert notify(anew, transaction_id="4200ANEW", success_time=paid_at).status_code == 204
    work.run("orders.publish")
    work.run("orders.refund")
    return anew


@pytest.fixture
def first(ordered: Ordered, pay: PayPlatform) -> Order:
    """Returns the paid first order of a purchase."""
    answer(pay, "SUCCESS")
    order = ordered(key="a", purchase="p")
    notify(order)
    order.refresh_from_db()
    return order


@pytest.mark.parametrize("parts", [[10000], [4000, 6000]], ids=["at once", "in parts"])
@pytest.mark.parametrize("is_done", [True, False], ids=["done", "under way"])
def test_what_is_bought_anew_after_a_whole_refund_is_kept(
    ordered: Ordered, pay: PayPlatform, first: Order, parts: list[int], is_done: bool
) -> None:
    answer(pay, "SUCCESS" if is_done else "PROCESSING")
    for number, amount in enumerate(parts):
        ask(first, amount, f"r{number}")
    work.run("orders.refund")
    assert books(paid_anew(ordered, first)) == (OrderState.PAID, 0, 0)


def test_what_is_bought_anew_after_a_refund_of_a_part_goes_back(ordered: Ordered, first: Order) -> None:
    ask(first, 9999)
    work.run("orders.refund")
    assert books(paid_anew(ordered, first)) == (OrderState.REFUNDED, 10000, 10000)


def test_what_is_bought_anew_after_a_refund_that_wechat_pay_closed_goes_back(
    ordered: Ordered, pay: PayPlatform, first: Order
) -> None:
    answer(pay, "CLOSED")
    ask(first, 10000)
    work.run("orders.refund")
    answer(pay, "SUCCESS")
    assert books(paid_anew(ordered, first)) == (OrderState.REFUNDED, 10000, 10000)


def test_what_was_bought_anew_goes_back_once_a_second_person_rejects_the_refund_of_the_first(
    ordered: Ordered, first: Order, account: OfficialAccount
) -> None:
    ApprovalLimit.objects.create(action="refund", account=account, role="finance", alone_up_to=1)
    ann, bob = (member(name, account, StaffRight.Role.FINANCE) for name in ("ann", "bob"))
    waiting = ask(first, 10000, by=ann)
    anew = paid_anew(ordered, first)
    assert books(anew) == (OrderState.PAID, 0, 0)
    assert approval.reject(waiting, bob)
    work.run("orders.publish")
    work.run("orders.refund")
    assert books(anew) == (OrderState.REFUNDED, 10000, 10000)
    assert books(first) == (OrderState.PAID, 0, 0)


@pytest.mark.parametrize("told_between", [False, True])
@pytest.mark.parametrize("reported", list(itertools.permutations(range(3))))
def test_of_one_purchase_the_payment_made_first_is_kept_in_whatever_order_they_are_reported(
    ordered: Ordered, pay: PayPlatform, reported: tuple[int, ...], told_between: bool
) -> None:
    answer(pay, "SUCCESS")
    began = timezone.now()
    attempts = [ordered(key=key, purchase="p") for key in "abc"]
    for number in reported:
        paid_at = (began + datetime.timedelta(minutes=number)).isoformat()
        notify(attempts[number], transaction_id=f"4200{number}", success_time=paid_at)
        if told_between:
            work.run("orders.publish")
    work.run("orders.publish")
    work.run("orders.refund")
    assert books(attempts[0]) == (OrderState.PAID, 0, 0)
    assert [books(order) for order in attempts[1:]] == [(OrderState.REFUNDED, 10000, 10000)] * 2
    assert pay.calls()[REFUNDS] == 2


@pytest.mark.django_db(transaction=True)
def test_two_payments_of_one_purchase_told_of_at_once_go_back_but_for_one(
    ordered: Ordered, pay: PayPlatform
) -> None:
    answer(pay, "SUCCESS")
    attempts = [ordered(key=key, purchase="p") for key in "abcd"]
    for number, order in enumerate(attempts):
        notify(order, transaction_id=f"4200{number}")
    start = threading.Barrier(len(attempts))

    def tell(event: OrderEvent) -> None:
        start.wait()
        events.dispatch(event)
        connection.close()

    threads = [threading.Thread(target=tell, args=[event]) for event in OrderEvent.objects.all()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work.run("orders.refund")
    assert sorted(books(order)[0] for order in attempts) == [OrderState.PAID] + [OrderState.REFUNDED] * 3
    assert pay.calls()[REFUNDS] == 3


def test_a_second_payment_that_could_not_go_back_is_not_asked_back_by_itself_again(
    ordered: Ordered, pay: PayPlatform
) -> None:
    answer(pay, "CLOSED")
    attempts = [ordered(key=key, purchase="p") for key in "abc"]
    for number, order in enumerate(attempts):
        notify(order, transaction_id=f"4200{number}")
        work.run("orders.publish")
        work.run("orders.refund")
        if number == 1:
            order.refresh_from_db()
            ask(order, 3000)
    work.run("orders.publish")
    assert Refund.objects.filter(source="automatic").values_list("order", flat=True).distinct().count() == 2
    assert not OrderEvent.objects.exclude(error="").exists()


def beyond(order: Order, key: str, amount: int = 1000, **more: Any) -> bool:
    """Returns whether a second person is asked."""
    usual = {"source": "staff", "key": key, **more}
    return refunding.request(order, amount, **usual).state == RefundState.WAITING


def test_a_refund_in_parts_counts_as_their_sum_for_whoever_asks(
    paid: Order, ordered: Ordered, account: OfficialAccount
) -> None:
    ApprovalLimit.objects.create(action="refund", account=account, role="finance", alone_up_to=2500)
    ann, bob = (member(name, account, StaffRight.Role.FINANCE) for name in ("ann", "bob"))
    assert [beyond(paid, key, by=ann) for key in "abc"] == [False, False, True]
    # Nor does a colleague give back more of the same order, or ann of another one today.
    assert beyond(paid, "d", by=bob)
    other = ordered(key="other")
    assert notify(other, transaction_id="4200OTHER").status_code == 204
    other.refresh_from_db()
    assert beyond(other, "e", by=ann)
    assert not beyond(other, "f", by=bob)
    with later(datetime.timedelta(days=1)):
        assert not beyond(other, "g", by=ann)


def test_what_a_second_person_agreed_to_or_nobody_got_uses_up_no_limit(
    paid: Order, account: OfficialAccount
) -> None:
    ApprovalLimit.objects.create(action="refund", account=account, role="finance", alone_up_to=1000)
    ann, bob = (member(name, account, StaffRight.Role.FINANCE) for name in ("ann", "bob"))
    large = refunding.request(paid, 3000, source="staff", key="large", by=ann)
    assert approval.approve(large, bob)
    rejected = refunding.request(paid, 3000, source="staff", key="rejected", by=ann)
    assert approval.reject(rejected, bob)
    assert not beyond(paid, "alone", by=ann)


def test_a_business_system_has_a_limit_too(paid: Order, account: OfficialAccount) -> None:
    ApprovalLimit.objects.create(action="refund", account=account, role="api", alone_up_to=2000)
    assert [beyond(paid, key, source="api:1") for key in "abc"] == [False, False, True]
    # What the product gives back by its own rule waits for nobody.
    assert not beyond(paid, "second", source="automatic")


def test_pages_the_api_and_the_merchant_platform_are_one_sum_of_an_order(
    paid: Order, account: OfficialAccount
) -> None:
    for role in ("finance", "api"):
        ApprovalLimit.objects.create(action="refund", account=account, role=role, alone_up_to=2500)
    ann, bob = (member(name, account, StaffRight.Role.FINANCE) for name in ("ann", "bob"))
    assert not beyond(paid, "page", by=ann)
    assert not beyond(paid, "api", source="api:1")
    # Made in the merchant platform, and booked here by two people: that uses up nobody's limit.
    elsewhere = read_refund(report(Refund(order=paid, out_refund_no="by-hand", amount=1000)))
    adopt(paid, elsewhere, asked_by=ann, decided_by=bob)
    asked: dict[str, dict[str, Any]] = {"page again": {"by": bob}, "api again": {"source": "api:2"}}
    assert [beyond(paid, key, **how) for key, how in asked.items()] == [True, True]
    assert not beyond(paid, "what is left", 500, by=bob)
    assert books(paid)[1] == 5 * 1000 + 500
    with pytest.raises(OrderRefused) as no:
        beyond(paid, "more than was paid", 4501, by=bob)
    assert no.value.code == "too_much"


def test_a_superuser_agrees_to_nothing_that_they_asked_for(
    paid: Order, account: OfficialAccount, admin_user: User, owner: User
) -> None:
    ApprovalLimit.objects.create(action="refund", account=account, role="owner", alone_up_to=999)
    refund = refunding.request(paid, 1000, source="staff", key="own", by=admin_user)
    assert refund.state == RefundState.WAITING
    with pytest.raises(OrderRefused) as no:
        approval.approve(refund, admin_user)
    assert no.value.code == "second_person"
    assert state(refund) == RefundState.WAITING


def test_where_nobody_else_could_agree_whoever_asked_does_and_it_counts_as_alone(
    paid: Order, account: OfficialAccount, admin_user: User
) -> None:
    ApprovalLimit.objects.create(action="refund", account=account, role="owner", alone_up_to=999)
    refund = refunding.request(paid, 1000, source="staff", key="own", by=admin_user)
    assert approval.approve(refund, admin_user)
    refund.refresh_from_db()
    assert (refund.state, refund.decided_by) == (RefundState.PENDING, None)
    assert limits.left_alone(paid, "staff", admin_user) == 0


@pytest.mark.django_db(transaction=True)
def test_two_refunds_asked_for_at_once_are_one_sum(
    paid: Order, ordered: Ordered, account: OfficialAccount
) -> None:
    ApprovalLimit.objects.create(action="refund", account=account, role="finance", alone_up_to=1000)
    ann = member("ann", account, StaffRight.Role.FINANCE)
    other = ordered(key="other")
    assert notify(other, transaction_id="4200OTHER").status_code == 204
    start = threading.Barrier(2)

    def ask_for(order: Order) -> None:
        start.wait()
        refunding.request(order, 1000, source="staff", key=str(order.pk), by=ann)
        connection.close()

    threads = [threading.Thread(target=ask_for, args=[order]) for order in (paid, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Refund.objects.values_list("state", flat=True)) == ["pending", "waiting"]


@pytest.mark.parametrize(
    ("differing", "kind"),
    [
        ({"mchid": "1900000000"}, "merchant"),
        ({"transaction_id": "4200FOREIGN"}, "refund_numbers"),
        ({"out_trade_no": "WC20260301000000000001"}, "refund_numbers"),
        ({"refund_id": "503FOREIGN"}, "refund_numbers"),
    ],
)
def test_a_report_with_other_numbers_books_nothing(
    paid: Order, pay: PayPlatform, differing: dict[str, str], kind: str
) -> None:
    refund = ask(paid, 3000)
    answer(pay)
    work.run("orders.refund")
    assert state(refund) == RefundState.PROCESSING
    fields: dict[str, Any] = {"refund_id": refund.refund_id, **differing}
    assert notify_refund(refund, **fields).status_code == 204
    assert state(refund) == RefundState.PROCESSING
    assert books(paid) == (OrderState.PAID, 3000, 0)
    found = Discrepancy.objects.get()
    assert (found.kind, found.refund) == (kind, refund)
    assert found.there in differing.values()
