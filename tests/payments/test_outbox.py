import datetime
import json
from collections.abc import Iterator

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from payments import events, webhooks
from payments.models import Event, Merchant, Order, Webhook, WebhookDelivery
from tests.cast import Cast, signed_in
from tests.payments.conftest import Ordered
from tests.payments.world import notify
from tests.sdk.platform import Platform, Reply, Request, serving
from wechat.kernel import work
from wechat.kernel.webhooks import sign
from wechat.pushes.models import Push

HOUR = datetime.timedelta(hours=1)


class Receiver(Platform):
    """The owner's system: keeps what it is told and answers with ``status``."""

    status = 200

    def handle(self, request: Request) -> Reply:
        self.requests.append(request)
        return Reply(b"ok", status=self.status)


@pytest.fixture
def receiver(settings: Settings) -> Receiver:
    settings.DEBUG = True  # a loopback address is allowed
    return Receiver()


@pytest.fixture
def webhook(receiver: Receiver, merchant: Merchant) -> Iterator[Webhook]:
    with serving(receiver) as base:
        account = merchant.accounts.get()
        yield Webhook.objects.create(account=account, url=f"{base}/paid", secret="very secret")


def test_a_paid_order_is_told_once(paid: Order, webhook: Webhook, receiver: Receiver) -> None:
    notify(paid)
    for _again in range(3):
        work.run("payments.tell")
        webhooks.deliver_due()
    (request,) = receiver.requests
    said = json.loads(request.body)
    assert (said["topic"], said["order"]["out_trade_no"]) == ("order.paid", paid.out_trade_no)
    assert (said["order"]["total"], said["order"]["state"]) == (10000, "paid")
    timestamp = request.headers["X-WeChat-Console-Timestamp"]
    expected = sign("very secret", timestamp, request.body)
    assert request.headers["X-WeChat-Console-Signature"] == f"sha256={expected}"
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.due_at) == ("delivered", 200, None)


def test_what_is_not_taken_is_told_again_with_the_same_id(
    paid: Order, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.status = 500
    work.run("payments.tell")
    webhooks.deliver_due()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, delivery.attempts) == ("waiting", 500, 1)
    receiver.status = 204
    with time_machine.travel(timezone.now() + HOUR):
        webhooks.deliver_due()
    assert len({json.loads(request.body)["id"] for request in receiver.requests}) == 1
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_after_a_day_it_is_given_up_and_stays_visible(
    paid: Order, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.status = 500
    work.run("payments.tell")
    for number in range(len(webhooks.RETRY_AFTER) + 1):
        with time_machine.travel(timezone.now() + number * 13 * HOUR):
            webhooks.deliver_due()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.due_at) == ("given_up", None)
    assert len(receiver.requests) == len(webhooks.RETRY_AFTER) + 1


def test_what_was_given_up_is_sent_again_by_hand(
    paid: Order, webhook: Webhook, receiver: Receiver, staff: Cast
) -> None:
    work.run("payments.tell")
    WebhookDelivery.objects.update(state="given_up", attempts=9, due_at=None, problem="away")
    delivery = WebhookDelivery.objects.get()
    order_page = f"/admin/payments/order/{paid.pk}"
    owner = signed_in(staff.owner)
    assert f'value="{delivery.pk}"' in owner.get(f"{order_page}/change/").content.decode()
    assert (
        signed_in(staff.auditor).post(f"{order_page}/deliver/", {"delivery": delivery.pk}).status_code == 403
    )
    assert webhooks.deliver_due() == 0
    owner.post(f"{order_page}/deliver/", {"delivery": delivery.pk})
    assert webhooks.deliver_due() == 1
    delivery.refresh_from_db()
    assert (delivery.state, len(receiver.requests)) == ("delivered", 1)


def test_all_that_a_receiver_missed_is_sent_again_at_once(
    paid: Order, webhook: Webhook, receiver: Receiver, staff: Cast
) -> None:
    work.run("payments.tell")
    WebhookDelivery.objects.update(state="given_up", due_at=None)
    asked = {"action": "send_given_up_again", "_selected_action": [webhook.pk]}
    for user, expected in ((staff.outsider, 0), (staff.auditor, 0), (staff.owner, 1)):
        signed_in(user).post("/admin/payments/webhook/", asked)
        assert webhooks.deliver_due() == expected
    # Delivered, it is nothing that was missed.
    signed_in(staff.owner).post("/admin/payments/webhook/", asked)
    assert webhooks.deliver_due() == 0


def test_a_hearer_that_fails_is_told_again_and_the_others_are_not(paid: Order) -> None:
    heard: list[str] = []

    def reliable(event: Event) -> None:
        heard.append("reliable")

    def shaky(event: Event) -> None:
        heard.append("shaky")
        if heard.count("shaky") == 1:
            raise ValueError("not now")

    before = list(events._hearers)
    events.hears("test-shaky", events.Topic.PAID)(shaky)
    events.hears("test-reliable", events.Topic.PAID)(reliable)
    try:
        work.run("payments.tell")
        event = Event.objects.get()
        assert event.error == "test-shaky: ValueError"
        with time_machine.travel(timezone.now() + HOUR):
            work.run("payments.tell")
    finally:
        events._hearers[:] = before
    assert sorted(heard) == ["reliable", "shaky", "shaky"]
    event.refresh_from_db()
    assert (event.due_at, event.error) == (None, "")


def test_the_payer_gets_a_receipt_when_the_merchant_has_one(ordered: Ordered, merchant: Merchant) -> None:
    Merchant.objects.update(receipt_text="已收到 {amount} 元（{description}，{number}）{unknown}")
    order = ordered()
    notify(order)
    work.run("payments.tell")
    push = Push.objects.get()
    assert push.openid == order.openid
    assert push.content["content"] == f"已收到 100.00 元（会员年卡，{order.out_trade_no}）{{unknown}}"


def test_without_a_receipt_text_nothing_is_sent(paid: Order) -> None:
    work.run("payments.tell")
    assert not Push.objects.exists()
