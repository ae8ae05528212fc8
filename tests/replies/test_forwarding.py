import base64
import datetime
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.followers import erasing
from accounts.followers.models import Follower
from tests.platform import Platform
from tests.replies.conftest import RuleMaker
from tests.slow import slow_receiver
from wechat.inbox.models import InboundMessage
from wechat.kernel import webhooks, work
from wechat.kernel.public_network import is_public
from wechat.pushes.models import Push
from wechat.replies import forwarding
from wechat.replies.models import Rule
from wechat.webhooks import outbox
from wechat.webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db

Received = Callable[..., InboundMessage]
SECRET = "a-signing-secret"


class Webhook(ThreadingHTTPServer):
    """A server of a webhook's owner: it keeps what it was sent, and answers what it was told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.status, self.answer = 200, b""
        self.meanwhile: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((dict(self.headers), body))
        self.server.meanwhile()
        connection.close()
        self.send_response(self.server.status)
        self.send_header("Location", self.server.url)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *args: Any) -> None:
        """Writes nothing to standard error."""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    server = Webhook()
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Settings) -> None:
    settings.DEBUG = True


@pytest.fixture
def forward(rule: RuleMaker, received: Received, platform: Platform, webhook: Webhook) -> Delivery:
    """A message that waits to be posted to the webhook."""
    forwarding_rule = rule(keywords=("订单",), forward_url=webhook.url, forward_secret=SECRET)
    row = received(platform.text("订单 7"), text="订单 7", answered_by=f"rule:{forwarding_rule.pk}")
    assert forwarding.enqueue(row)
    return Delivery.objects.get()


def test_a_message_is_posted_once_with_a_signature(forward: Delivery, webhook: Webhook) -> None:
    row = InboundMessage.objects.get()
    assert not forwarding.enqueue(row)
    assert work.run("webhooks.deliver") == 1
    assert work.run("webhooks.deliver") == 0
    ((headers, body),) = webhook.requests
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert json.loads(body)["type"] == "rule.answered"
    posted = json.loads(body)["data"]
    assert (posted["account"], posted["openid"], posted["text"]) == ("demo", "oFollower", "订单 7")
    assert posted["message"]["content"] == "订单 7"
    forward.refresh_from_db()
    assert (forward.state, forward.due_at) == ("delivered", None)
    assert [attempt["status"] for attempt in forward.log] == [200]


def test_a_message_whose_rule_has_a_secret_that_no_key_opens_waits_for_another_one(
    forward: Delivery, rule: RuleMaker, received: Received, platform: Platform, webhook: Webhook
) -> None:
    lost = b"lost.from another installation"
    answered_by = forward.endpoint.owner
    Rule.objects.update(forward_secret=lost)
    Endpoint.objects.update(secret=lost)
    forwarding.enqueue(received(platform.text("订单 8"), text="订单 8", answered_by=answered_by))
    other = rule(keywords=("退款",), forward_url=webhook.url, forward_secret=SECRET)
    Rule.objects.filter(pk=other.pk).update(forward_secret=lost)
    forwarding.enqueue(received(platform.text("退款"), text="退款", answered_by=other.answered_by))
    work.run("webhooks.deliver")
    assert set(Delivery.objects.values_list("state", "attempts")) == {("waiting", 0)}
    assert (Delivery.objects.count(), webhook.requests) == (3, [])
    entered = Rule.objects.get(pk=other.pk)
    entered.forward_secret = SECRET
    entered.save()
    forwarding.enqueue(received(platform.text("退款!"), text="退款!", answered_by=other.answered_by))
    work.run("webhooks.deliver")
    assert len(webhook.requests) == 2


def test_a_message_answered_by_something_else_is_not_forwarded(
    rule: RuleMaker, received: Received, platform: Platform
) -> None:
    quiet = rule(keywords=("a",))
    for answered_by in ("", "menu:3", "rule:0", f"rule:{quiet.pk}"):
        assert not forwarding.enqueue(received(platform.text("a"), answered_by=answered_by))
    assert not Delivery.objects.exists()


def test_the_answer_of_a_webhook_is_sent_to_the_follower_once(forward: Delivery, webhook: Webhook) -> None:
    webhook.answer = json.dumps({"type": "text", "content": "已发货"}).encode()
    work.run("webhooks.deliver")
    outbox.send_again([forward])
    work.run("webhooks.deliver")
    push = Push.objects.get()
    assert (push.openid, push.content["content"]) == ("oFollower", "已发货")
    assert push.cause == forward.endpoint.owner


@pytest.mark.django_db(transaction=True)
def test_who_was_erased_while_a_webhook_answered_is_sent_nothing(forward: Delivery, webhook: Webhook) -> None:
    webhook.answer = json.dumps({"type": "text", "content": "已发货"}).encode()
    person = Follower(account=forward.account, openid=forward.openid)
    webhook.meanwhile = lambda: erasing.erase(person)
    work.run("webhooks.deliver")
    assert len(webhook.requests) == 1
    assert not Push.objects.exists()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "answer",
    [
        b'{"type": "hologram"}',
        b'{"type": "text"}',
        b'{"type": "text", "content": ""}',
        b'{"type": "video", "media_id": "M"}',
        b'{"type": "transfer_customer_service"}',
    ],
)
def test_an_answer_that_cannot_be_sent_is_noted_and_not_sent(
    forward: Delivery, webhook: Webhook, answer: bytes
) -> None:
    webhook.answer = answer
    work.run("webhooks.deliver")
    forward.refresh_from_db()
    assert forward.state == "delivered"
    assert forward.log[0]["error"].startswith("answer not sent")
    assert not Push.objects.exists()


@pytest.mark.parametrize("answer", [b"", b"ok", b"[1]", b'{"done": true}', b"[" * 70_000])
def test_any_other_answer_means_nothing(forward: Delivery, webhook: Webhook, answer: bytes) -> None:
    webhook.answer = answer
    work.run("webhooks.deliver")
    forward.refresh_from_db()
    assert (forward.state, forward.log[0]["error"]) == ("delivered", "")


@pytest.mark.parametrize("status", [301, 404, 500])
def test_a_refused_message_is_posted_again_for_about_a_day(
    forward: Delivery, webhook: Webhook, status: int
) -> None:
    webhook.status = status
    started = timezone.now()
    with time_machine.travel(started, tick=False) as clock:
        while forward.due_at is not None:
            work.run("webhooks.deliver")
            forward.refresh_from_db()
            lasted = timezone.now() - started
            clock.move_to(forward.due_at or timezone.now())
    assert forward.state == "failed"
    assert len(webhook.requests) == len(forward.log) == 9
    assert datetime.timedelta(hours=20) < lasted < datetime.timedelta(hours=26)


def test_an_address_inside_our_network_is_never_posted_to(
    forward: Delivery, webhook: Webhook, settings: Settings
) -> None:
    settings.DEBUG = False
    work.run("webhooks.deliver")
    forward.refresh_from_db()
    assert webhook.requests == []
    assert "not public" in forward.log[0]["error"]


def test_the_log_does_not_tell_an_open_port_inside_from_a_closed_one(
    forward: Delivery, settings: Settings
) -> None:
    settings.DEBUG = False
    with socket.create_server(("127.0.0.1", 0)) as opened, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for place in (opened, closed):
            Endpoint.objects.update(url=f"http://127.0.0.1:{place.getsockname()[1]}/")
            Delivery.objects.update(due_at=timezone.now())
            work.run("webhooks.deliver")
        opened.settimeout(0)
        with pytest.raises(BlockingIOError):
            opened.accept()
    forward.refresh_from_db()
    errors = [attempt["error"] for attempt in forward.log]
    assert errors[0] == errors[1]


@pytest.mark.parametrize(
    ("way", "outcome"),
    [
        ("says nothing", ("waiting", None)),
        ("drips its headers", ("waiting", None)),
        # The status came, and tells that the message was taken.
        ("drips its body", ("delivered", 200)),
    ],
)
def test_a_webhook_that_is_slow_is_given_up_at_the_deadline(
    forward: Delivery, monkeypatch: pytest.MonkeyPatch, way: str, outcome: tuple[str, int | None]
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.2)
    with slow_receiver(way) as base:
        Endpoint.objects.update(url=base)
        work.run("webhooks.deliver")
    forward.refresh_from_db()
    assert (forward.state, forward.log[0]["status"]) == outcome


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("::ffff:127.0.0.1", False),
        ("2400:3200::1", True),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::8.8.8.8", False),
        ("64:ff9b:1::7f00:1", False),
        ("2002:7f00:1::", False),
        ("2002:808:808::1", False),
        ("2001:0:7f00:1::", False),
        ("::127.0.0.1", False),
        ("::8.8.8.8", False),
        ("::ffff:0:127.0.0.1", False),
        ("fec0::1", False),
        ("fd00::1", False),
        ("2001:db8::1", False),
        ("::", False),
    ],
)
def test_public_addresses_are_told_from_ours(address: str, public: bool) -> None:
    assert is_public(address) is public
