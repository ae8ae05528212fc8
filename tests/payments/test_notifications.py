import json
import threading
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.transaction import atomic
from django.test import Client

from accounts.official.models import OfficialAccount
from config.request_log import LINE
from payments.bills.models import Discrepancy
from payments.merchants import directory
from payments.merchants.models import Merchant
from payments.notifications import handling
from payments.notifications.models import Notification
from payments.orders.models import Order, OrderEvent
from payments.orders.refunds import refunding
from payments.orders.states import OrderState
from tests.locks import somebody_waits
from tests.payments.conftest import Ordered
from tests.payments.world import (
    TRANSACTION_ID,
    notification,
    notify,
    notify_refund,
    post,
    sealed,
    signature,
    transaction,
)


def refused_and_unchanged(order: Order, body: bytes, headers: dict[str, str], status: int = 401) -> None:
    response = post(order.merchant, body, headers)
    assert response.status_code == status
    assert json.loads(response.content)["code"] == "FAIL"
    order.refresh_from_db()
    assert order.state == OrderState.PAYING
    assert not Notification.objects.exists()


def test_without_a_signature_nothing_is_kept(ordered: Ordered) -> None:
    order = ordered()
    refused_and_unchanged(order, notification(transaction(order)), {})


@pytest.mark.parametrize(
    "forged",
    [
        {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + "A" * 325},
        {"Wechatpay-Signature": "***"},
        {"Wechatpay-Serial": "PUB_KEY_ID_0"},
        {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"},
        {"Wechatpay-Nonce": "another"},
        {"Wechatpay-Timestamp": "abc"},
    ],
    ids=lambda one: " ".join(one),
)
def test_a_forged_one_is_refused(ordered: Ordered, forged: dict[str, str]) -> None:
    order = ordered()
    body = notification(transaction(order))
    refused_and_unchanged(order, body, {**signature(body), **forged})


def test_its_line_in_the_log_names_the_merchant_and_no_colleague(ordered: Ordered) -> None:
    line = notify(ordered()).wsgi_request.META[LINE]
    assert (line["merchant"], line["path"]) == ("shop", "/pay/<slug:merchant>/notify/transaction")
    assert "user_id" not in line


@pytest.mark.parametrize("off", [-310, 310])
def test_a_stale_one_is_refused(ordered: Ordered, off: int) -> None:
    import time

    order = ordered()
    body = notification(transaction(order))
    refused_and_unchanged(order, body, signature(body, at=int(time.time()) + off))


def test_a_tampered_one_is_refused(ordered: Ordered) -> None:
    order = ordered()
    body = notification(transaction(order))
    refused_and_unchanged(order, body + b" ", signature(body))


def test_a_truncated_one_is_refused(ordered: Ordered) -> None:
    order = ordered()
    body = notification(transaction(order))
    refused_and_unchanged(order, body[:-20], signature(body))


def test_one_that_does_not_decrypt_is_refused(ordered: Ordered) -> None:
    order = ordered()
    envelope: dict[str, Any] = {"resource": sealed(transaction(order), "transaction", key="x" * 32)}
    for _again in range(2):
        body = notification({}, **envelope)
        refused_and_unchanged(order, body, signature(body))
    # It is WeChat Pay's all the same: somebody has to enter the key that was reset there.
    assert Discrepancy.objects.get().kind == "undecryptable"


def test_one_to_a_merchant_whose_keys_no_key_opens_is_sent_again_by_wechat_pay(ordered: Ordered) -> None:
    order = ordered()
    body = notification(transaction(order))
    kept = Merchant.objects.values_list("api_v3_key", flat=True).get()
    Merchant.objects.update(api_v3_key=b"lost.from another installation")
    refused_and_unchanged(order, body, signature(body), 503)
    Merchant.objects.update(api_v3_key=kept)
    assert post(order.merchant, body).status_code == 204


def test_one_that_is_too_large_is_refused_unread(ordered: Ordered) -> None:
    order = ordered()
    body = b"a" * (256 * 1024 + 1)
    refused_and_unchanged(order, body, signature(body), 413)


def test_an_unknown_merchant_and_another_method_are_refused(merchant: Merchant) -> None:
    assert (
        Client().post("/pay/nobody/notify/transaction", b"{}", content_type="text/plain").status_code == 404
    )
    assert Client().get("/pay/shop/notify/transaction").status_code in {401, 405}


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b'{"id":"1"}', b"{" * 1000])
def test_a_genuine_one_that_makes_no_sense_is_kept_for_a_person(merchant: Merchant, body: bytes) -> None:
    assert post(merchant, body).status_code == 204
    assert post(merchant, body).status_code == 204
    kept = Notification.objects.get()
    assert (kept.state, kept.raw) == (Notification.State.ASIDE, body.decode())
    assert Discrepancy.objects.get().kind == "unreadable"


@pytest.mark.parametrize(
    "longer", [{"transaction_id": "4" * 33}, {"payer": {"openid": "o" * 129}}], ids=["number", "payer"]
)
def test_a_genuine_one_longer_than_anything_wechat_pay_has_is_kept_and_shown_at_its_order(
    ordered: Ordered, longer: dict[str, Any]
) -> None:
    order = ordered()
    assert notify(order, **longer).status_code == 204
    kept, found = Notification.objects.get(), Discrepancy.objects.get()
    assert (kept.state, kept.due_at, kept.order) == (
        Notification.State.ASIDE,
        None,
        order,
    )
    assert (found.kind, found.order, found.account) == ("unreadable", order, order.account)
    order.refresh_from_db()
    assert order.state == OrderState.PAYING
    # Tried once more by hand it is still the same discrepancy.
    handling.handle_now(kept)
    assert (kept.state, Discrepancy.objects.get()) == (Notification.State.ASIDE, found)


def test_one_of_a_refund_longer_than_anything_wechat_pay_has_is_kept_and_shown(paid: Order) -> None:
    refund = refunding.request(paid, 3000, source="test", key="r1")
    assert notify_refund(refund, refund_id="5" * 33).status_code == 204
    assert Notification.objects.latest("id").state == Notification.State.ASIDE
    assert (Discrepancy.objects.get().kind, Discrepancy.objects.get().order) == ("unreadable", paid)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_genuine_one_with_a_number_that_is_none_is_kept_for_a_person(ordered: Ordered, number: str) -> None:
    """Python reads and writes them; no database takes them."""
    order = ordered()
    assert notify(order, attach=float(number)).status_code == 204
    order.refresh_from_db()
    assert (order.state, Notification.objects.get().state) == (OrderState.PAYING, Notification.State.ASIDE)


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "gestern"]
)
def test_a_genuine_one_of_a_time_that_is_none_is_kept_and_its_order_can_be_read(
    ordered: Ordered, time: str
) -> None:
    order = ordered()
    assert notify(order, success_time=time).status_code == 204
    order.refresh_from_db()
    assert (order.state, Notification.objects.get().state) == (OrderState.PAYING, Notification.State.ASIDE)


def test_a_bank_longer_than_any_that_is_known_loses_its_end_and_no_payment(ordered: Ordered) -> None:
    order = ordered()
    assert notify(order, bank_type="B" * 40, trade_type="T" * 20).status_code == 204
    order.refresh_from_db()
    assert (order.state, order.bank_type, order.trade_type) == (OrderState.PAID, "B" * 32, "T" * 16)


def test_a_repeat_changes_nothing(ordered: Ordered) -> None:
    order = ordered()
    body = notification(transaction(order))
    assert [post(order.merchant, body).status_code for _again in range(3)] == [204] * 3
    assert notify(order).status_code == 204
    assert [kept.state for kept in Notification.objects.order_by("id")] == [
        "applied",
        "repeat",
    ]
    assert OrderEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_pay_once(ordered: Ordered) -> None:
    order = ordered()
    body = notification(transaction(order))
    answers: list[int] = []

    def deliver() -> None:
        answers.append(post(order.merchant, body).status_code)
        answers.append(notify(order).status_code)
        connection.close()

    threads = [threading.Thread(target=deliver) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [204] * 12
    assert OrderEvent.objects.filter(topic="order.paid").count() == 1
    assert order.steps.filter(kind="moved").count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_order_that_is_moved_meanwhile_is_paid_from_where_it_is_then(ordered: Ordered) -> None:
    """The notification has read the order and waits to write; what it read is not true any more by then."""
    order = ordered()

    def deliver() -> None:
        notify(order)
        connection.close()

    delivery = threading.Thread(target=deliver)
    with atomic():
        Order.objects.filter(pk=order.pk).update(state=OrderState.CLOSING)
        delivery.start()
        while delivery.is_alive() and not somebody_waits():
            pass
    delivery.join()
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    assert Notification.objects.get().state == Notification.State.APPLIED
    assert OrderEvent.objects.count() == order.steps.filter(kind="moved").count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["SUCCESS", "CLOSED"])
def test_an_order_that_somebody_else_holds_for_long_is_left_to_a_worker(ordered: Ordered, state: str) -> None:
    """WeChat Pay has its answer while the order is still held, and no thread goes on waiting for it."""
    order = ordered()
    answers: list[int] = []

    def deliver() -> None:
        answers.append(notify(order, state).status_code)
        connection.close()

    delivery = threading.Thread(target=deliver)
    with atomic():
        Order.objects.select_for_update().get(pk=order.pk)
        delivery.start()
        delivery.join(60)
        assert answers == [204]
    kept = Notification.objects.get()
    assert (kept.state, "lock timeout" in kept.error) == (Notification.State.FAILED, True)
    handling.handle_now(kept)
    order.refresh_from_db()
    assert order.state == (OrderState.PAID if state == "SUCCESS" else OrderState.CLOSED)


WRONG: dict[str, dict[str, Any]] = {
    "amount": {"amount": {"total": 1, "currency": "CNY"}},
    "currency": {"amount": {"total": 10000, "currency": "USD"}},
    "appid": {"appid": "wx0000000000000000"},
    "merchant": {"mchid": "1900000999"},
    "payer": {"payer": {"openid": "oSomebodyElse"}},
    "unknown_order": {"out_trade_no": "WC20260101000000000000"},
    "unreadable": {"transaction_id": ""},
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_genuine_one_that_does_not_fit_is_set_aside_and_shown(ordered: Ordered, kind: str) -> None:
    order = ordered()
    assert notify(order, **WRONG[kind]).status_code == 204
    assert notify(order, **WRONG[kind]).status_code == 204
    order.refresh_from_db()
    assert order.state == OrderState.PAYING
    assert Discrepancy.objects.get().kind == kind
    assert {kept.state for kept in Notification.objects.all()} == {"aside"}


def test_a_second_payment_is_shown_and_the_first_stays(paid: Order) -> None:
    assert notify(paid, transaction_id="4200002").status_code == 204
    paid.refresh_from_db()
    assert paid.transaction_id == TRANSACTION_ID
    found = Discrepancy.objects.get()
    assert (found.kind, found.here, found.there) == ("second_payment", TRANSACTION_ID, "4200002")


def test_coupons_are_compared_by_the_total_and_booked_by_what_was_paid(ordered: Ordered) -> None:
    order = ordered()
    notify(order, amount={"total": 10000, "payer_total": 9000, "currency": "CNY"})
    order.refresh_from_db()
    assert (order.state, order.total, order.payer_total) == (OrderState.PAID, 10000, 9000)


def test_profit_sharing_under_the_same_event_is_no_payment(ordered: Ordered) -> None:
    order = ordered()
    body = notification(transaction(order), "TRANSACTION.SUCCESS", "profitsharing")
    assert post(order.merchant, body).status_code == 204
    order.refresh_from_db()
    assert order.state == OrderState.PAYING
    assert Notification.objects.get().state == Notification.State.ASIDE


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_applied_is_kept_and_tried_again(ordered: Ordered) -> None:
    """A second order holds the number already: the database refuses, the notification is not lost."""
    order, other = ordered(), ordered(key="other")
    notify(other)
    assert notify(order).status_code == 204
    kept = Notification.objects.get(state=Notification.State.FAILED)
    assert kept.due_at
    assert "order_transaction_once" in kept.error
    order.refresh_from_db()
    assert order.state == OrderState.PAYING
    kept.resource["transaction_id"] = "4200003"
    handling.handle_now(kept)
    order.refresh_from_db()
    assert (kept.state, order.state) == (Notification.State.APPLIED, OrderState.PAID)


@pytest.mark.parametrize("asked", [(directory, "find"), (handling, "receive")], ids=["merchant", "order"])
def test_while_postgres_is_away_wechat_pay_is_asked_to_come_again(
    ordered: Ordered, monkeypatch: pytest.MonkeyPatch, asked: tuple[Any, str]
) -> None:
    order = ordered()

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(*asked, away)
    answer = notify(order)
    assert (answer.status_code, answer.json()["code"]) == (503, "FAIL")


def test_a_second_account_of_the_merchant_is_told_apart(ordered: Ordered, merchant: Merchant) -> None:
    other = OfficialAccount.objects.create(
        slug="other", name="另一个", appid="wxaaaaaaaaaaaaaaaa", token="othertoken", mode="plain"
    )
    merchant.accounts.add(other)
    order = ordered()
    notify(order, appid=other.appid)
    assert Discrepancy.objects.get().kind == "appid"


def test_a_genuine_one_with_characters_that_are_none_is_kept_and_applied(ordered: Ordered) -> None:
    order = ordered()
    coupon = {"coupon_id": "109519", "name": "券\0", "scope": "GLOBAL", "type": "CASH", "amount": 1000}
    body = transaction(order, attach="a\ud83d\x0b", promotion_detail=[coupon], bank_type="OTHERS\0")
    assert post(order.merchant, notification(body)).status_code == 204
    order.refresh_from_db()
    assert order.state == OrderState.PAID
    kept = Notification.objects.get()
    assert (kept.state, kept.resource["attach"]) == (Notification.State.APPLIED, "a")
    assert kept.resource["promotion_detail"][0]["name"] == "券"


@pytest.mark.parametrize("summary", [None, 7, ["支付成功"]])
def test_a_genuine_one_without_a_summary_is_applied(ordered: Ordered, summary: object) -> None:
    order = ordered()
    assert post(order.merchant, notification(transaction(order), summary=summary)).status_code == 204
    order.refresh_from_db()
    assert order.state == OrderState.PAID
