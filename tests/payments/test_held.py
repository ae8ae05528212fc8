"""A merchant's work waits when WeChat Pay refuses the merchant or is away, and loses nothing."""

import asyncio
import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry, StaffRight
from payments.bills.models import Bill
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order
from payments.orders.ordering import OrderRequest
from payments.orders.states import OrderState, RefundState
from tests.asgi import exchange
from tests.cast import Cast, member, signed_in
from tests.payments.conftest import Ordered
from tests.payments.test_reconciling import days_ago
from tests.payments.test_refunding import answer, ask, books, state
from tests.payments.test_refunding import answer_query as answer_refund_query
from tests.payments.world import REFUNDS, TRANSACTIONS, answer_query
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.platform import Reply
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.webhooks.models import Endpoint

MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)
POLL, REFUND = "orders.poll", "orders.refund"
AWAY, JOBS = "暂时无法连接", "/admin/operations/jobs/"


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
    ordered: Ordered,
    wanted: Callable[..., OrderRequest],
    pay: PayPlatform,
    merchant: Merchant,
    other: Merchant,
) -> None:
    held = [ordering.create(wanted(key=f"k{number}", merchant=other)) for number in range(20)]
    free = ordered(key="other")
    pay_orders(pay, [free])
    with later(MINUTE):
        work.run(POLL)
        assert states(held) == {(OrderState.CREATED, 0)}
        assert states([free]) == {(OrderState.PAID, 0)}
        hold = Hold.objects.get()
        assert (hold.work, hold.subject, hold.cause) == (POLL, other.pk, "account")
        assert work.run(POLL) == 0
    merchant.mchid, other.mchid = "1900000998", merchant.mchid
    merchant.save()
    other.save()
    held = list(Order.objects.filter(merchant=other).select_related("account", "merchant"))
    pay_orders(pay, held)
    assert hold.until is not None
    with time_machine.travel(hold.until, tick=False):
        assert work.run(POLL) == 20
    assert states(held) == {(OrderState.PAID, 0)}
    assert not Hold.objects.exists()


def test_an_order_whose_signature_alone_is_refused_holds_up_the_others_for_a_while_only(
    ordered: Ordered, pay: PayPlatform
) -> None:
    bad, good = ordered(), ordered(key="good")
    Order.objects.filter(pk=bad.pk).update(due_at=timezone.now())
    answer_orders(pay, [bad], refused(401, "SIGN_ERROR", "签名错误"))
    pay_orders(pay, [good])
    work.run(POLL)
    assert states([good]) == {(OrderState.PAYING, 0)}
    with later(10 * MINUTE):
        work.run(POLL)
        with later(10 * MINUTE):
            work.run(POLL)
    assert states([good]) == {(OrderState.PAID, 0)}


def test_while_wechat_pay_is_away_few_orders_are_asked_about_and_none_is_lost(
    ordered: Ordered, pay: PayPlatform
) -> None:
    orders = [ordered(key=f"k{number}") for number in range(40)]
    answer_orders(pay, orders, refused(500, "SYSTEM_ERROR"))
    with later(MINUTE):
        work.run(POLL)
        assert sum(queried(pay, order) for order in orders) == 16, "the batch that was claimed together"
        for minutes in range(2, 10):
            with later(minutes * MINUTE):
                assert work.run(POLL) == 1
    pay_orders(pay, orders)
    with later(20 * MINUTE):
        work.run(POLL)
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


@pytest.fixture
def away(ordered: Ordered, pay: PayPlatform) -> list[Order]:
    """Makes orders behind the circuit of their merchant: WeChat Pay has answered nothing but errors."""
    orders = [ordered(key=f"k{number}") for number in range(5)]
    answer_orders(pay, orders, refused(500, "SYSTEM_ERROR"))
    Order.objects.update(due_at=timezone.now())
    work.run(POLL)
    assert Hold.objects.get().until is not None
    return orders


@pytest.mark.django_db(transaction=True)
def test_the_circuits_of_a_merchant_an_account_and_a_receiver_are_metrics_that_name_them(
    away: list[Order], account: OfficialAccount
) -> None:
    receiver = Endpoint.objects.create(account=account, url="https://receiver.example.com/", secret="secret")
    for name, part, subject in (
        ("pushes.send", "service", account.pk),
        ("channels.make_codes", "", account.pk),
        ("webhooks.deliver", "", receiver.pk),
    ):
        until = timezone.now() + HOUR
        Hold.objects.create(
            work=name, part=part, subject=subject, cause="away", since=timezone.now(), until=until
        )
    found = set(re.findall(r"wechat_work_held\{.*\} 1\.0", scraped()))
    assert found == {
        f'wechat_work_held{{account="{name}",cause="away",part="{part}",work="{kind}"}} 1.0'
        for name, part, kind in (
            ("shop", "", POLL),
            (account.slug, "service", "pushes.send"),
            (account.slug, "", "channels.make_codes"),
            (f"endpoint {receiver.pk}", "", "webhooks.deliver"),
        )
    }
    Hold.objects.all().delete()
    assert "wechat_work_held{" not in scraped()


def scraped() -> str:
    return asyncio.run(exchange("GET", "/metrics")).body.decode()


def test_the_circuit_of_a_merchant_is_closed_by_a_button_beside_its_reason(
    away: list[Order], pay: PayPlatform, merchant: Merchant, staff: Cast
) -> None:
    page = f"/admin/merchants/merchant/{merchant.pk}/change/"
    owner = signed_in(staff.owner)
    shown = owner.get(page).content.decode()
    form = shown[shown.index('action="/admin/merchants/merchant/held/"') :].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert "原因已消除" in form
    pay_orders(pay, away)
    answered = owner.post("/admin/merchants/merchant/held/", fields)
    assert (answered.status_code, answered["Location"]) == (302, page)
    assert not Hold.objects.exists()
    assert "让暂停的后台任务继续执行" in AuditEntry.objects.latest("pk").words
    work.run(POLL)
    # Those that had failed before it opened have a time of their own.
    assert (OrderState.PAID, 0) in states(away)


def test_finance_has_a_merchants_work_go_on_and_nobody_who_may_only_look(
    away: list[Order], merchant: Merchant, staff: Cast
) -> None:
    finance = signed_in(member("finance", staff.ours, "finance"))
    posted = {"merchant": merchant.pk, "work": POLL, "account": staff.ours.pk}
    for reader, button, status in ((signed_in(staff.auditor), False, 403), (finance, True, 302)):
        shown = reader.get("/admin/bills/bill/").content.decode()
        assert (AWAY in shown, "原因已消除" in shown) == (True, button)
        assert Hold.objects.exists()
        assert reader.post("/admin/merchants/merchant/held/", posted).status_code == status
    assert not Hold.objects.exists()


def test_who_has_another_account_of_the_merchants_does_not_decide_alone(
    away: list[Order], merchant: Merchant, staff: Cast
) -> None:
    merchant.accounts.add(staff.theirs)
    for user, account in ((staff.outsider, staff.theirs), (staff.owner, staff.ours)):
        reader, posted = signed_in(user), {"merchant": merchant.pk, "work": POLL, "account": account.pk}
        assert reader.post("/admin/merchants/merchant/held/", posted).status_code == 404
        assert "原因已消除" not in reader.get(JOBS).content.decode()
        reader.post(JOBS, posted)
        assert Hold.objects.exists()
    assert AWAY in signed_in(staff.owner).get(JOBS).content.decode()
    assert (
        "所有公众号中都有财务权限的同事" in signed_in(staff.owner).get("/admin/bills/bill/").content.decode()
    )
    StaffRight.objects.create(user=staff.owner, account=staff.theirs, role=StaffRight.Role.FINANCE)
    owner, posted = signed_in(staff.owner), {"work": POLL, "account": staff.ours.pk}
    assert "原因已消除" in owner.get(f"{JOBS}?account={staff.ours.pk}").content.decode()
    owner.post(JOBS, posted)
    assert not Hold.objects.exists()
    entry = AuditEntry.objects.latest("pk")
    assert (entry.kind, entry.object_id) == ("merchants.merchant", str(merchant.pk))


def test_the_page_of_background_work_tells_what_waits_behind_the_circuit_of_a_merchant(
    away: list[Order], staff: Cast
) -> None:
    page, waiting = JOBS, Order.objects.filter(due_at__lte=timezone.now()).count()
    assert waiting
    owner, editor = signed_in(staff.owner), signed_in(staff.editor)
    for reader, button in ((editor, False), (owner, True)):
        shown = reader.get(page).content.decode()
        row = next(part for part in shown.split("<tr") if 'value="orders.poll"' in part)
        assert "演示商户：暂时无法连接" in row
        assert (f"<b>{waiting}</b>" in row, "原因已消除" in row) == (True, button)
    posted = {"work": POLL, "account": staff.ours.pk}
    editor.post(page, posted)
    assert Hold.objects.exists()
    owner.post(page, posted)
    assert not Hold.objects.exists()
    assert "job-held" not in owner.get(page).content.decode()


def test_what_belongs_to_no_account_goes_on_by_a_superusers_button(merchant: Merchant, staff: Cast) -> None:
    now = timezone.now()
    Hold.objects.create(
        work="bills.fetch_bills", subject=merchant.pk, cause="away", since=now, until=now + HOUR
    )
    page, posted = JOBS, {"work": "bills.fetch_bills", "account": staff.ours.pk}
    signed_in(staff.owner).post(page, posted)
    assert Hold.objects.exists()
    superuser = signed_in(staff.superuser)
    assert 'value="bills.fetch_bills"' in superuser.get(f"{page}?account={staff.ours.pk}").content.decode()
    superuser.post(page, posted)
    assert not Hold.objects.exists()
