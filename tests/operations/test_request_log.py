"""Tests of the log line of each request, and of its id in all resulting work."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.official.models import OfficialAccount
from accounts.staff.first_password import SetPassword
from config import asgi, request_log
from tests import callbacks
from tests.asgi import exchange
from tests.callbacks import served
from tests.cast import Cast, signed_in
from tests.operations.conftest import Lines
from tests.operations.pushing import pushed_by_api, until_delivered
from tests.platform import Platform
from tests.signed import business_system
from tests.simulated import Simulated
from tests.webhooks.test_outbox import Receiver, base, receiver  # noqa: F401 - fixtures
from tests.working import react_to_due, send_due
from wechat.inbox import routing
from wechat.inbox.asgi import callback_application
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, InboundEvent
from wechat.kernel import line_rates, work
from wechat.kernel.line_rates import LineRate
from wechat.pushes import handlers
from wechat.pushes.models import Push
from wechat.sdk.content import Text
from wechat.webhooks.models import Delivery, Endpoint

pytestmark = pytest.mark.django_db(transaction=True)


def of_requests(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["logger"] == "config.request_log"]


@pytest.fixture
def further_answers() -> Iterator[None]:
    """Answers every text twice: at once, and by a customer-service message."""
    with routing.replaced():
        routing.reacts()(handlers.open_window)
        routing.reacts()(handlers.send_further_answers)

        @routing.answers(order=1)
        def twice(event: InboundEvent) -> Answer:
            return Answer("test:twice", Text("1"), later=(Text("2"),))

        yield


def test_a_callback_is_one_line(lines: Lines, account: OfficialAccount, platform: Platform) -> None:
    got = callbacks.post(platform.safe(platform.text("hello")))
    (line,) = of_requests(lines)
    assert (line["event"], line["method"], line["status"]) == ("request", "POST", 200)
    assert (line["path"], line["account"]) == ("/wechat/<slug>/callback", "demo")
    assert line["bytes"] == len(got.content)
    assert line["ms"] > 0
    assert line["request_id"] == InboundMessage.objects.get().trace[3:35]


def test_a_page_is_one_line_with_its_route_and_without_what_was_asked(lines: Lines, staff: Cast) -> None:
    client = signed_in(staff.superuser)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    path = f"/admin/official/officialaccount/{staff.ours.pk}/change/"
    got = asyncio.run(exchange("GET", path, query="_popup=secret", cookie=cookie))
    (line,) = of_requests(lines)
    assert got.status == line["status"] == 200
    assert line["path"] == "/admin/official/officialaccount/<path:object_id>/change/"
    assert (line["user_id"], line["ip"]) == (staff.superuser.pk, "127.0.0.1")
    assert got.headers[b"x-request-id"].decode() == line["request_id"]
    assert "secret" not in json.dumps(lines())


def test_a_page_behind_the_gate_names_its_account(lines: Lines, staff: Cast) -> None:
    client = signed_in(staff.owner)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    asyncio.run(exchange("GET", "/admin/pushes/push/speed/", cookie=cookie))
    (line,) = of_requests(lines)
    assert (line["status"], line["account"], line["user_id"]) == (200, "demo", staff.owner.pk)


def test_a_call_of_a_business_system_names_its_client_and_account_and_no_secret(
    lines: Lines, account: OfficialAccount
) -> None:
    caller = business_system(account, scopes=["tags:read"])
    signed = caller.signature("GET", "/api/v1/tags/", "", b"")
    headers = {name: str(value) for name, value in signed.items()}
    got = asyncio.run(exchange("GET", "/api/v1/tags/", verbatim=headers))
    (line,) = of_requests(lines)
    assert (got.status, line["status"]) == (200, 200)
    assert (line["path"], line["client"], line["account"]) == ("/api/v1/tags/", caller.key, "demo")
    assert not any(secret in json.dumps(lines()) for secret in (caller.secret, headers["X-Signature"]))


@pytest.mark.parametrize(
    ("path", "status", "shown"), [("/nobody/../knows", 404, "unknown"), ("/l/1-\0", 400, "unknown")]
)
def test_what_leads_nowhere_is_told_without_its_address(
    lines: Lines, path: str, status: int, shown: str
) -> None:
    asyncio.run(exchange("GET", path))
    (line,) = of_requests(lines)
    assert (line["status"], line["path"]) == (status, shown)


def test_a_page_that_fails_is_told_once_and_without_its_address(
    lines: Lines, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has the link to a first password, or the code of a login, is let in by it."""

    def fail(_view: SetPassword, _user: str) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(SetPassword, "get_user", fail)
    got = asyncio.run(exchange("GET", "/admin/welcome/MQ/secret-token/", query="code=secret"))
    failed, answered = lines()
    assert (failed["event"], failed["request"]) == ("request_failed", "GET /admin/welcome/<uidb64>/<token>/")
    assert "unforeseen" in failed["exception"]
    assert got.status == answered["status"] == 500
    assert failed["request_id"] == answered["request_id"]
    assert "secret" not in json.dumps([failed, answered])


@pytest.mark.parametrize("path", [callbacks.PATH, "/api/v1/push", "/admin/login/"])
def test_whoever_goes_before_the_answer_is_told_as_gone(
    lines: Lines, account: OfficialAccount, path: str
) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"half of it"

    asyncio.run(exchange("POST", path, half()))
    (line,) = of_requests(lines)
    assert (line["status"], line["bytes"]) == (499, 0)


def test_health_that_is_well_is_not_told(lines: Lines) -> None:
    asyncio.run(exchange("GET", "/healthz/live"))
    assert of_requests(lines) == []


def test_callbacks_beyond_a_rate_share_a_line(
    lines: Lines, account: OfficialAccount, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    none_alone = request_log.lines_of_callbacks(callback_application, per_second=0)
    monkeypatch.setattr(asgi, "callbacks", none_alone)

    async def five() -> None:
        for number in range(5):
            await callbacks.call(callbacks.PATH, platform.safe(platform.text(str(number))))
        while not of_requests(lines):
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(five(), 60))
    (shared,) = of_requests(lines)
    assert (shared["event"], shared["count"], shared["statuses"]) == ("requests", 5, {"200": 5})
    assert shared["ms_max"] >= shared["ms_mean"] >= 0
    assert "request_id" not in shared, "it is not one of theirs alone"


@pytest.mark.usefixtures("further_answers")
def test_the_id_of_a_callback_goes_with_it_into_sends(
    account: OfficialAccount, platform: Platform, simulated: Simulated
) -> None:
    simulated.create_account(account)
    simulated.sim(f"/accounts/{account.appid}/events/oPhone", {"type": "follow"})
    callbacks.post(platform.safe(platform.text("hi", openid="oPhone")))
    message = InboundMessage.objects.get()
    request_id = message.trace[3:35]
    react_to_due()
    push = Push.objects.get()
    assert push.trace[3:35] == request_id
    send_due()
    push.refresh_from_db()
    assert push.state == Push.State.SENT, push.error


def test_an_event_is_posted_with_the_trace_of_the_request_it_comes_from(
    account: OfficialAccount,
    platform: Platform,
    receiver: Receiver,  # noqa: F811
    base: str,  # noqa: F811
) -> None:
    Endpoint.objects.create(account=account, url=base, secret="s" * 20, events=["message.received"])
    callbacks.post(platform.safe(platform.text("hi")))
    react_to_due()
    work.run("webhooks.deliver")
    (posted,) = receiver.requests
    traces = {InboundMessage.objects.get().trace, Delivery.objects.get().trace, posted.headers["traceparent"]}
    assert len(traces) == 1


def test_a_failure_in_a_worker_is_found_by_the_id_of_its_request(
    lines: Lines, account: OfficialAccount, platform: Platform
) -> None:
    with routing.replaced():

        @routing.reacts()
        def fail(event: InboundEvent) -> None:
            raise RuntimeError("unforeseen")

        callbacks.post(platform.safe(platform.text("hi")))
        react_to_due()
    request_id = InboundMessage.objects.get().trace[3:35]
    failed = [line for line in lines() if line["event"] == "work_failed"]
    assert [line["request_id"] for line in failed] == [request_id]


def test_a_search_for_the_id_of_a_call_finds_its_sends_and_webhooks(
    lines: Lines,
    account: OfficialAccount,
    simulated: Simulated,
    receiver: Receiver,  # noqa: F811
    base: str,  # noqa: F811
) -> None:
    """The id leads from a business system's call to its message, the receipt, and the webhook about that."""
    with served() as address:
        simulated.create_account(account, callback_url=f"{address}{account.callback_path}")
        request_id = pushed_by_api(simulated, account, "oPhone", webhook=base)
        until_delivered()
    while work.run("webhooks.deliver"):
        pass
    # Whether a token had to be fetched for it, or one was at hand, is told as well.
    found = [
        line for line in lines() if line.get("request_id") == request_id and line["logger"] != "wechat.sdk"
    ]
    events = [(line["event"], line.get("outcome") or line["status"]) for line in found]
    assert events == [("request", 202), ("send", "sent"), ("webhook", 200), ("webhook", 200)]
    assert {line["account"] for line in found} == {"demo"}
    # Whoever hears of it can name it, too.
    assert {posted.headers["traceparent"][3:35] for posted in receiver.requests} == {request_id}
    assert {posted["data"]["push"]["state"] for posted in receiver.posted} == {"sent", "delivered"}


def test_a_send_that_is_refused_is_found_with_its_code(
    lines: Lines, account: OfficialAccount, simulated: Simulated
) -> None:
    simulated.create_account(account, callback_url="")
    request_id = pushed_by_api(simulated, account, "oStranger", follows=False)
    send_due()
    (send,) = [line for line in lines() if line["event"] == "send"]
    assert send["request_id"] == request_id
    assert (send["outcome"], send["errcode"]) == ("refused", 40003)


def test_beyond_a_rate_only_so_many_have_a_line_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_rates, "time", SimpleNamespace(monotonic=lambda: 1e9))
    rate = LineRate(2)
    assert [rate.allows() for _number in range(4)] == [True, True, False, False]
