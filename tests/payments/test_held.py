"""A merchant's work waits when WeChat Pay refuses the merchant or is away, and loses nothing."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.official.models import OfficialAccount
from payments.bills.models import Bill
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order
from payments.orders.ordering import Wanted
from payments.orders.states import OrderState, RefundState
from tests.cast import Cast, signed_in
from tests.payments.conftest import Ordered
from tests.payments.test_reconciling import days_ago
from tests.payments.test_refunding import answer, ask, books, state
from tests.payments.test_refunding import answer_query as answer_refund_query
from tests.payments.world import REFUNDS, TRANSACTIONS, answer_query
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.platform import Reply
from wechat.kernel import work
from wechat.kernel.models import Hold

MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
CHASE, REFUND = "orders.chase", "orders.refund"


def later(delta: datetime.timedelta) -> Any:
    return time_machine.travel(timezone.now() + delta, tick=False)


def queried(pay: PayPlatform, order: Order) -> int:
    return pay.calls()[f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}"]


def answer_orders(pay: PayPlatform, orders: list[Order], reply: Reply) -> None:
    for order in orders:
        pay.pay[f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}"] = lambda request: reply


def pay_orders(pay: PayPlatform, orders: list[Order]) -> None:
    for number, order in enumerate(orders):
        answer_query(pay, order, "SUCCESS", transaction_id=f"42000{number}")


def states(orders: list[Order]) -> set[tuple[str, int]]:
    found = Order.objects.filter(pk__in=[order.pk for order in orders])
    return set(found.values_list("state", "attempts"))


@pytest.fixture
def other(merchant: Merchant, account: OfficialAccount) -> Merchant:
    """A second merchant of the account, with the certificate of the first."""
    same = ("serial_no", "private_key", "api_v3_key", "public_key_id", "public_key")
    keys = {name: getattr(merchant, name) for name in same}
    other = Merchant.objects.create(slug="other", name="另一个商户", mchid="1900000999", **keys)
    other.accounts.add(account)
    return other


def test_a_merchant_with_a_wrong_certificate_is_held_and_the_others_go_on(
    ordered: Ordered, wanted: Callable[..., Wanted], pay: PayPlatform, merchant: Merchant, other: Merchant
) -> None:
    held = [ordering.create(wanted(key=f"k{number}", merchant=other)) for number in range(20)]
    free = ordered(key="other")
    pay_orders(pay, [free])
    with later(MINUTE):
        work.run(CHASE)
        assert states(held) == {(OrderState.CREATED, 0)}
        assert states([free]) == {(OrderState.PAID, 0)}
        hold = Hold.objects.get()
        assert (hold.work, hold.subject, hold.cause) == (CHASE, other.pk, "account")
        assert work.run(CHASE) == 0
    merchant.mchid, other.mchid = "1900000998", merchant.mchid
    merchant.save()
    other.save()
    held = list(Order.objects.filter(merchant=other).select_related("account", "merchant"))
    pay_orders(pay, held)
    assert hold.until is not None
    with time_machine.travel(hold.until, tick=False):
        assert work.run(CHASE) == 20
    assert states(held) == {(OrderState.PAID, 0)}
    assert not Hold.objects.exists()


def test_an_order_whose_signature_alone_is_refused_holds_up_the_others_for_a_while_only(
    ordered: Ordered, pay: PayPlatform
) -> None:
    bad, good = ordered(), ordered(key="good")
    Order.objects.filter(pk=bad.pk).update(due_at=timezone.now())
    answer_orders(pay, [bad], refused(401, "SIGN_ERROR", "签名错误"))
    pay_orders(pay, [good])
    work.run(CHASE)
    assert states([good]) == {(OrderState.PAYING, 0)}
    with later(10 * MINUTE):
        work.run(CHASE)
        with later(10 * MINUTE):
            work.run(CHASE)
    assert states([good]) == {(OrderState.PAID, 0)}


def test_while_wechat_pay_is_away_few_orders_are_asked_about_and_none_is_lost(
    ordered: Ordered, pay: PayPlatform
) -> None:
    orders = [ordered(key=f"k{number}") for number in range(40)]
    answer_orders(pay, orders, refused(500, "SYSTEM_ERROR"))
    with later(MINUTE):
        work.run(CHASE)
        assert sum(queried(pay, order) for order in orders) == 16, "the batch that was claimed together"
        for minutes in range(2, 10):
            with later(minutes * MINUTE):
                assert work.run(CHASE) == 1
    pay_orders(pay, orders)
    with later(20 * MINUTE):
        work.run(CHASE)
    assert states(orders) == {(OrderState.PAID, 0)}


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"", status=0),
        refused(500, "SYSTEM_ERROR"),
        refused(429, "FREQUENCY_LIMITED"),
        refused(400, "RESOURCE_ALREADY_EXISTS"),
    ],
    ids=["lost", "system", "rate", "later"],
)
def test_a_refund_whose_outcome_is_unknown_is_repeated_under_its_number_for_ever(
    paid: Order, pay: PayPlatform, reply: Reply
) -> None:
    refund = ask(paid, 3000)
    pay.pay[REFUNDS] = lambda request: reply
    answer_refund_query(pay, refund, refused(404, "RESOURCE_NOT_EXISTS"))
    for hours in range(12):
        with later(hours * HOUR):
            work.run(REFUND)
    assert state(refund) == RefundState.PENDING
    assert (refund.due_at is not None, books(paid)[1]) == (True, 3000)
    answer(pay, "SUCCESS")
    with later(13 * HOUR):
        work.run(REFUND)
    assert state(refund) == RefundState.SUCCESS
    sent = [request.body for request in pay.requests if request.path == REFUNDS]
    assert (len(sent), len(set(sent))) == (13, 1)


def test_a_refund_is_not_failed_by_a_refusal_of_the_merchant(paid: Order, pay: PayPlatform) -> None:
    refund = ask(paid, 3000)
    pay.pay[REFUNDS] = lambda request: refused(403, "NO_AUTH", "商户无权限")
    answer_refund_query(pay, refund, refused(404, "RESOURCE_NOT_EXISTS"))
    work.run(REFUND)
    assert state(refund) == RefundState.PENDING
    assert (refund.attempts, "商户无权限" in refund.error, books(paid)[1]) == (0, True, 3000)
    answer(pay, "SUCCESS")
    with later(HOUR):
        work.run(REFUND)
    assert state(refund) == RefundState.SUCCESS


def test_staff_read_why_a_merchants_work_waits_and_saving_the_right_keys_lets_it_go_on(
    paid: Order, pay: PayPlatform, merchant: Merchant, staff: Cast
) -> None:
    bill = Bill.objects.create(merchant=merchant, kind="trade", day=days_ago(1), due_at=timezone.now())
    pay.pay["/v3/bill/tradebill"] = lambda request: refused(401, "SIGN_ERROR", "商户证书已过期")
    work.run("bills.fetch_bills")
    bill.refresh_from_db()
    assert (bill.state, bill.attempts, "商户证书已过期" in bill.error) == ("waiting", 0, True)
    reader = signed_in(staff.superuser)
    merchant_page = f"/admin/merchants/merchant/{merchant.pk}/change/"
    for page in (merchant_page, "/admin/bills/bill/", f"/admin/bills/bill/{bill.pk}/change/"):
        shown = reader.get(page).content.decode()
        assert "微信支付拒绝了该商户的这项请求" in shown, page
        assert "商户证书已过期" in shown, page
    pay.pay["/v3/bill/tradebill"] = lambda request: refused(400, "NO_STATEMENT_EXIST")
    form = reader.get(merchant_page).context["adminform"].form
    fields = {
        name: value for name, value in form.initial.items() if name in form.fields and value is not None
    }
    fields["accounts"] = [account.pk for account in merchant.accounts.all()]
    answered = reader.post(merchant_page, fields)
    assert answered.status_code == 302, answered.context["adminform"].form.errors
    assert not Hold.objects.exists()
    work.run("bills.fetch_bills")
    bill.refresh_from_db()
    assert (bill.state, bill.error) == ("empty", "")
