"""Business systems ask for messages, follow them, and are told what became of them."""

import datetime
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.pushes.test_templated import OPENID, World
from tests.replies.test_forwarding import Webhook
from tests.signed import Signed, business_system
from tests.simulated import Simulated
from tests.working import send_due
from wechat.api.models import KeptAnswer
from wechat.kernel import webhooks, work
from wechat.pushes import receipts
from wechat.pushes.models import EventTemplate, Push, Template
from wechat.webhooks.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)

State = Push.State
URL = "/api/v1/push"


@pytest.fixture
def world(simulated: Simulated, account: OfficialAccount) -> World:
    return World(simulated, account)


@pytest.fixture
def template(world: World) -> Template:
    return Template.objects.create(
        account=world.account,
        kind="template",
        platform_id="Vq0demo",
        title="预约",
        content="门店:{{thing4.DATA}}",
    )


@pytest.fixture
def shop(account: OfficialAccount) -> Signed:
    return business_system(account, scopes=["push:write", "push:read"])


def message(shop_name: str = "天河店", **more: Any) -> dict[str, Any]:
    return {"to": OPENID, "template": "Vq0demo", "values": {"thing4": shop_name}, **more}


def test_a_message_is_accepted_sent_and_followed(world: World, template: Template, shop: Signed) -> None:
    answer = shop.post(URL, message(reference="order-8841"))
    (asked,) = answer.json()["messages"]
    assert (answer.status_code, asked["state"], asked["reference"]) == (202, "pending", "order-8841")
    send_due()
    found = shop.get(f"{URL}/{asked['id']}").json()
    assert (found["state"], found["to"], found["kind"]) == ("sent", OPENID, "template")
    assert world.received() == [(OPENID, "天河店")]


def test_a_batch_is_accepted_as_a_whole(template: Template, shop: Signed) -> None:
    answer = shop.post(URL, {"messages": [message(str(number)) for number in range(1000)]})
    assert (answer.status_code, len({each["id"] for each in answer.json()["messages"]})) == (202, 1000)
    assert shop.post(URL, {"messages": [message()] * 1001}).status_code == 400


def test_the_same_request_twice_queues_once(template: Template, shop: Signed) -> None:
    first, second = (shop.post(URL, message(), key="order-1").json() for _ in range(2))
    assert (first, Push.objects.count()) == (second, 1)


def test_a_wrong_message_refuses_the_batch_and_is_named(template: Template, shop: Signed) -> None:
    wrong = [
        message(),
        message("一" * 21),
        message(template="unknown"),
        {"to": OPENID, "content": {"type": "x"}},
    ]
    answer = shop.post(URL, {"messages": wrong})
    refused = answer.json()["error"]
    assert (answer.status_code, refused["code"]) == (422, "messages_invalid")
    assert list(refused["messages"]) == ["1", "2", "3"]
    assert list(refused["messages"]["1"]["values"]) == ["thing4"]
    assert refused["messages"]["3"]["content"] == {"type": ["没有这种内容。"]}
    assert not Push.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {}, {"to": OPENID}, message(content={"type": "text", "content": "你好"}),
        {"messages": [message(), 5]}, {"messages": []}, {"messages": 5}, [], b"null",
    ],
)  # fmt: skip
def test_a_message_that_says_nothing_is_refused(template: Template, shop: Signed, body: Any) -> None:
    assert shop.post(URL, body).status_code == 400
    assert not Push.objects.exists()


def test_a_message_of_the_wrong_form_is_named_by_its_place(template: Template, shop: Signed) -> None:
    answer = shop.post(URL, {"messages": [message(), message(to="no openid")]})
    assert (answer.status_code, list(answer.json()["error"]["fields"]["messages"])) == (400, ["1"])


def test_a_customer_service_message_may_be_asked_for(world: World, shop: Signed) -> None:
    body = {"to": OPENID, "content": {"type": "text", "content": "您好"}, "reference": "r1"}
    (asked,) = shop.post(URL, body).json()["messages"]
    send_due()
    found = shop.get(f"{URL}/{asked['id']}").json()
    assert (found["state"], found["reason"], found["reference"]) == ("skipped", "no_window", "r1")


def test_a_message_may_be_asked_for_a_later_time(template: Template, shop: Signed) -> None:
    shop.post(URL, message(at="2099-01-01T10:00:00+08:00"))
    assert send_due() == 0


def test_a_time_that_has_passed_is_refused_but_for_what_clocks_differ(
    template: Template, shop: Signed
) -> None:
    """It would be due long ago, and wait for a person to let it go."""
    passed = shop.post(URL, message(at="2020-01-01T10:00:00+08:00"))
    assert (passed.status_code, "at" in str(passed.json()["error"]["fields"])) == (400, True)
    slow = timezone.now() - datetime.timedelta(minutes=1)
    assert shop.post(URL, message(at=slow.isoformat())).status_code == 202
    due_at = Push.objects.get().due_at
    assert due_at is not None
    assert due_at > slow
    assert send_due() == 1


def test_a_client_sees_its_own_messages_only(
    template: Template, shop: Signed, account: OfficialAccount
) -> None:
    (asked,) = shop.post(URL, message()).json()["messages"]
    other = business_system(account, scopes=["push:read"])
    assert other.get(f"{URL}/{asked['id']}").status_code == 404
    assert other.get(URL).json()["items"] == []
    assert [each["id"] for each in shop.get(URL).json()["items"]] == [asked["id"]]


def test_sending_needs_the_scope(template: Template, account: OfficialAccount) -> None:
    reader = business_system(account, scopes=["push:read"])
    assert reader.post(URL, message()).status_code == 403


# --- reports


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Webhook]:
    """The caller's own server."""
    settings.DEBUG = True  # an address of this machine may be told
    server = Webhook()
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_each_final_state_is_reported_once_and_signed(
    world: World, template: Template, shop: Signed, receiver: Webhook
) -> None:
    secret = shop.put(f"{URL}/webhook", {"url": receiver.url}).json()["secret"]
    (asked,) = shop.post(URL, message(reference="order-1")).json()["messages"]
    send_due()
    push = Push.objects.get()
    assert push.msgid
    receipts.store(world.account, push.msgid, "", "success")
    work.run("pushes.join_receipts")
    work.run("webhooks.deliver")
    bodies = [json.loads(body)["data"] for _, body in receiver.requests]
    assert sorted(each["push"]["state"] for each in bodies) == ["delivered", "sent"]
    assert {each["push"]["id"] for each in bodies} == {asked["id"]}
    headers, body = receiver.requests[0]
    signature = webhooks.sign(secret, headers["webhook-id"], headers["webhook-timestamp"], body)
    assert headers["webhook-signature"] == signature
    assert secret.startswith("whsec_")
    assert work.run("webhooks.deliver") == 0


def test_a_report_that_is_not_taken_is_posted_again_later(
    template: Template, shop: Signed, receiver: Webhook
) -> None:
    receiver.status = 500
    shop.put(f"{URL}/webhook", {"url": receiver.url})
    shop.post(URL, message())
    send_due()
    work.run("webhooks.deliver")
    report = Delivery.objects.get()
    assert (report.attempts, report.last["status"]) == (1, 500)
    assert report.due_at
    assert report.due_at > timezone.now()


# --- events


def test_an_event_sends_what_staff_have_set_for_it(world: World, template: Template, shop: Signed) -> None:
    EventTemplate.objects.create(
        account=world.account,
        event="order.shipped",
        template=template,
        values={"thing4": "{company} {number}"},
    )
    body = {"event": "order.shipped", "to": OPENID, "values": {"company": "顺丰", "number": "A1"}}
    assert len(shop.post(f"{URL}/event", body, key="ship-1").json()["messages"]) == 1
    shop.post(f"{URL}/event", body, key="ship-1")
    send_due()
    assert world.received() == [(OPENID, "顺丰 A1")]


def test_an_event_under_a_key_of_another_event_is_refused_also_when_the_kept_answer_has_expired(
    template: Template, account: OfficialAccount, shop: Signed
) -> None:
    EventTemplate.objects.create(
        account=account, event="order.shipped", template=template, values={"thing4": "{number}"}
    )
    body = {"event": "order.shipped", "to": OPENID, "values": {"number": "A1"}}
    others = [{**body, "values": {"number": "A2"}}, {**body, "to": "oSomebodyElse"}]
    first = shop.post(f"{URL}/event", body, key="ship-1").json()
    KeptAnswer.objects.all().delete()
    for other in others:
        refused = shop.post(f"{URL}/event", other, key="ship-1")
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "idempotency_key_reused")
    assert shop.post(f"{URL}/event", body, key="ship-1").json() == first
    assert Push.objects.count() == 1


@pytest.mark.parametrize(
    "edit",
    [
        lambda rows: rows.update(values={"thing4": "{number} ist da"}),
        lambda rows: rows.update(enabled=False),
        QuerySet.delete,
    ],
    ids=["edited", "switched off", "deleted"],
)
def test_an_event_that_is_told_again_is_the_same_whatever_staff_have_edited_meanwhile(
    world: World, template: Template, shop: Signed, edit: Callable[[QuerySet[EventTemplate]], Any]
) -> None:
    fields = {"account": world.account, "event": "order.shipped", "values": {"thing4": "{number}"}}
    EventTemplate.objects.create(template=template, **fields)
    body = {"event": "order.shipped", "to": OPENID, "values": {"number": "A1"}}
    first = shop.post(f"{URL}/event", body, key="ship-1").json()
    KeptAnswer.objects.all().delete()
    edit(EventTemplate.objects.all())
    more = Template.objects.create(
        account=world.account, kind="template", platform_id="another", content=template.content
    )
    EventTemplate.objects.create(template=more, **fields)
    again = shop.post(f"{URL}/event", body, key="ship-1")
    assert (again.status_code, again.json()) == (202, first)
    send_due()
    assert world.received() == [(OPENID, "A1")]


def test_the_words_of_an_event_are_read_once_and_encoded_in_the_link(
    world: World, template: Template, shop: Signed
) -> None:
    EventTemplate.objects.create(
        account=world.account,
        event="order.shipped",
        template=template,
        values={"thing4": "{company}{colour}"},
        url="https://shop.example.com/?n={number}",
    )
    body = {"event": "order.shipped", "to": OPENID, "values": {"company": "{number}", "number": "A&1"}}
    shop.post(f"{URL}/event", body, key="ship-1")
    message = Push.objects.get().message
    assert message.values == {"thing4": "{number}{colour}"}
    assert message.url == "https://shop.example.com/?n=A%261"


def test_an_event_nobody_knows_is_refused_with_those_that_are(shop: Signed) -> None:
    answer = shop.post(f"{URL}/event", {"event": "moon.full", "to": OPENID})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "event_unknown")
    assert "order.shipped" in answer.json()["error"]["message"]


@pytest.mark.parametrize("to", ["a/b", "o\n1", "", "o" * 65, "用户"])
def test_an_openid_has_the_form_of_one(shop: Signed, template: Template, to: str) -> None:
    assert shop.post(URL, message(to=to)).status_code == 400
    event = {"event": "order.shipped", "to": to, "values": {}}
    assert list(shop.post(f"{URL}/event", event).json()["error"]["fields"]) == ["to"]
    assert not Push.objects.exists()
