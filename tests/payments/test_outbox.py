import datetime
import json
from collections.abc import Iterator

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.operations import failures
from accounts.staff.models import StaffRight
from accounts.staff.rights import Rights
from payments.merchants.models import Merchant
from payments.orders import events
from payments.orders.models import Order, OrderEvent
from tests.cast import Cast, member, signed_in
from tests.payments.conftest import Ordered
from tests.payments.world import notify
from tests.sdk.platform import Platform, Reply, Request, serving
from wechat.kernel import work
from wechat.kernel.webhooks import sign
from wechat.pushes.models import Push
from wechat.webhooks import outbox
from wechat.webhooks.models import Delivery, Endpoint

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
def webhook(receiver: Receiver, merchant: Merchant) -> Iterator[Endpoint]:
    with serving(receiver) as base:
        account = merchant.accounts.get()
        yield Endpoint.objects.create(
            account=account,
            url=f"{base}/paid",
            secret="very secret",
            events=[str(topic) for topic in events.Topic],
        )


def test_a_paid_order_is_told_once(paid: Order, webhook: Endpoint, receiver: Receiver) -> None:
    notify(paid)
    for _again in range(3):
        work.run("orders.publish")
        work.run("webhooks.deliver")
    (request,) = receiver.requests
    assert json.loads(request.body)["type"] == "order.paid"
    data = json.loads(request.body)["data"]
    assert (data["account"], data["order"]["out_trade_no"]) == ("demo", paid.out_trade_no)
    assert (data["order"]["total"], data["order"]["state"]) == (10000, "paid")
    identity, timestamp = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    assert request.headers["webhook-signature"] == sign("very secret", identity, timestamp, request.body)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last["status"], delivery.due_at) == ("delivered", 200, None)


def test_what_is_not_taken_is_told_again_with_the_same_id(
    paid: Order, webhook: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 500
    work.run("orders.publish")
    work.run("webhooks.deliver")
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last["status"], delivery.attempts) == ("waiting", 500, 1)
    receiver.status = 204
    with time_machine.travel(timezone.now() + HOUR):
        work.run("webhooks.deliver")
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    delivery.refresh_from_db()
    assert delivery.state == "delivered"


def test_after_a_day_it_is_given_up_and_stays_visible(
    paid: Order, webhook: Endpoint, receiver: Receiver
) -> None:
    receiver.status = 500
    work.run("orders.publish")
    delivery = Delivery.objects.get()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while delivery.due_at is not None:
            clock.move_to(delivery.due_at)
            work.run("webhooks.deliver")
            delivery.refresh_from_db()
    assert (delivery.state, delivery.due_at) == ("failed", None)
    assert len(receiver.requests) == len(outbox.RETRY_AFTER) + 1


def test_a_handler_that_fails_is_called_again_and_the_others_are_not(
    paid: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    def reliable(event: OrderEvent) -> None:
        heard.append("reliable")

    def shaky(event: OrderEvent) -> None:
        heard.append("shaky")
        if heard.count("shaky") == 1:
            raise ValueError("not now")

    monkeypatch.setattr(events._handlers, "_known", events._handlers.by_name())
    events.handles("test-shaky", events.Topic.PAID)(shaky)
    events.handles("test-reliable", events.Topic.PAID)(reliable)
    work.run("orders.publish")
    event = OrderEvent.objects.get()
    assert event.error == "test-shaky: ValueError"
    with time_machine.travel(timezone.now() + HOUR):
        work.run("orders.publish")
    assert sorted(heard) == ["reliable", "shaky", "shaky"]
    event.refresh_from_db()
    assert (event.due_at, event.error) == (None, "")


def test_the_payer_gets_a_receipt_when_the_merchant_has_one(ordered: Ordered) -> None:
    Merchant.objects.update(receipt_text="已收到 {amount} 元（{description}，{number}）{unknown}")
    order = ordered()
    notify(order)
    work.run("orders.publish")
    push = Push.objects.get()
    assert push.openid == order.openid
    assert push.content["content"] == f"已收到 100.00 元（会员年卡，{order.out_trade_no}）{{unknown}}"


def test_a_receipt_reads_its_words_once(ordered: Ordered) -> None:
    Merchant.objects.update(receipt_text="{description} https://shop.example.com/?n={description}")
    notify(ordered(description="{number} 卡"))
    work.run("orders.publish")
    encoded = "https://shop.example.com/?n=%7Bnumber%7D%20%E5%8D%A1"
    assert Push.objects.get().content["content"] == f"{{number}} 卡 {encoded}"


def test_without_a_receipt_text_nothing_is_sent(paid: Order) -> None:
    work.run("orders.publish")
    assert not Push.objects.exists()


def test_an_event_that_was_given_up_waits_for_finance_and_is_handed_on_again(
    paid: Order, staff: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: OrderEvent) -> None:
        raise ValueError("not now")

    heard: list[int] = []
    monkeypatch.setattr(events._handlers, "_known", events._handlers.by_name())
    events.handles("test-broken", events.Topic.PAID)(broken)
    event = OrderEvent.objects.get()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        while event.due_at is not None:
            clock.move_to(event.due_at)
            work.run("orders.publish")
            event.refresh_from_db()
    finance = member("money", paid.account, StaffRight.Role.FINANCE)
    client = signed_in(finance)
    (waits,) = client.get("/admin/todo/counts/").json()["kinds"]
    assert (waits["key"], waits["number"]) == (f"{paid.account_id}:orders.events", 1)
    (group,) = failures.groups(paid.account, Rights.of(finance))
    desk = f"{reverse('operations_failures_of', args=['order_events'])}?cause={group.key}"
    assert f"{paid.out_trade_no} · 订单已支付" in client.get(desk).content.decode()
    monkeypatch.setattr(events._handlers, "_known", {})
    events.handles("test-broken", events.Topic.PAID)(lambda event: heard.append(event.pk))
    client.post(desk, {"row": event.pk})
    work.run("orders.publish")
    assert heard == [event.pk]
    assert failures.groups(paid.account, Rights.of(finance)) == []
