from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts.models import OfficialAccount
from tests.inbox.conftest import PATH, post
from tests.platform import Platform, Push
from wechat.inbox import routing
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, Event
from wechat.sdk.content import Text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _echo(account: OfficialAccount) -> Iterator[None]:
    """The account answers a text with the same text."""
    with routing.replaced():

        @routing.answers(order=1, quick=True)
        def echo(event: Event) -> Answer | None:
            return Answer("test:echo", Text(f"> {event.message.text}")) if event.message.text else None

        yield


def test_a_sealed_text_is_recorded_and_gets_a_sealed_answer(client: Client, platform: Platform) -> None:
    response = post(client, platform.safe(platform.text("你好")))
    assert response.status_code == 200
    assert platform.opened(response.content)["Content"] == "> 你好"
    row = InboundMessage.objects.get()
    assert (row.text, row.answered_by, row.answer) == (
        "你好",
        "test:echo",
        {"type": "text", "content": "> 你好"},
    )


def test_the_address_may_end_with_a_slash(client: Client, platform: Platform) -> None:
    assert post(client, platform.safe(platform.text("1")), PATH + "/").status_code == 200


def test_what_nobody_answers_is_recorded_and_gets_success(client: Client, platform: Platform) -> None:
    response = post(client, platform.safe(platform.event("oA", "subscribe")))
    assert (response.content, response["Content-Type"]) == (b"success", "text/plain")
    assert InboundMessage.objects.get().event == "subscribe"


def test_the_platform_verifies_the_address(client: Client, platform: Platform) -> None:
    query = platform.plain("").query | {"echostr": "4375120948345356249"}
    response = client.get(PATH, query)
    assert (response.status_code, response.content) == (200, b"4375120948345356249")


def test_an_unsigned_echo_is_refused(client: Client) -> None:
    assert client.get(PATH, {"echostr": "1"}).status_code == 403


def test_an_unknown_account_is_not_found(client: Client, platform: Platform) -> None:
    assert post(client, platform.safe(platform.text("1")), "/wechat/nobody/callback").status_code == 404


@pytest.mark.parametrize(
    "spoil",
    [
        lambda p: Push({}, p.body),
        lambda p: Push(p.query | {"msg_signature": "0" * 40}, p.body),
        lambda p: Push(p.query | {"signature": "0" * 40}, p.body),
        lambda p: Push({k: v for k, v in p.query.items() if k != "msg_signature"}, p.body),
        lambda p: Push(p.query | {"nonce": "1"}, p.body),
        lambda p: Push(p.query, p.body.replace(b"<Encrypt><![CDATA[", b"<Encrypt><![CDATA[AAAA")),
        lambda p: Push(p.query, b"<xml><Content>1</Content></xml>"),
        lambda p: Push(p.query, b"{"),
        lambda p: Push(p.query, b""),
    ],
    ids=[
        "no signature",
        "wrong",
        "wrong plain",
        "downgraded query",
        "nonce",
        "tampered",
        "plain body",
        "json",
        "empty",
    ],
)
def test_what_the_platform_did_not_sign_is_refused_and_not_kept(
    client: Client, platform: Platform, spoil: Callable[[Push], Push]
) -> None:
    response = post(client, spoil(platform.safe(platform.text("1"))))
    assert response.status_code == 403
    assert not InboundMessage.objects.exists()


def test_a_plain_push_to_an_account_in_safe_mode_is_refused(client: Client, platform: Platform) -> None:
    assert post(client, platform.plain(platform.text("1"))).status_code == 403


def test_a_stale_push_is_refused(client: Client, platform: Platform) -> None:
    assert post(client, platform.safe(platform.text("1"), at=1_769_907_601)).status_code == 403


def test_an_envelope_of_another_appid_is_refused(client: Client, platform: Platform) -> None:
    push = platform.safe(platform.text("1"), appid="wxffffffffffffffff")
    assert post(client, push).status_code == 403


def test_a_body_over_256_kib_is_too_large(client: Client, platform: Platform) -> None:
    push = platform.safe(platform.text("1"))
    assert post(client, Push(push.query, b"x" * (256 * 1024 + 1))).status_code == 413


def test_genuine_but_malformed_xml_is_kept_raw_and_gets_success(client: Client, platform: Platform) -> None:
    for _ in range(2):
        response = post(client, platform.safe("<xml><MsgType>text</"))
        assert (response.status_code, response.content) == (200, b"success")
    row = InboundMessage.objects.get()
    assert (row.kind, row.body) == ("malformed", "<xml><MsgType>text</")


def test_plain_mode_takes_a_signed_plain_push(
    client: Client, platform: Platform, account: OfficialAccount
) -> None:
    account.mode = "plain"
    account.save()
    response = post(client, platform.plain(platform.text("你好")))
    assert "&gt; 你好".encode() in response.content or "> 你好".encode() in response.content


def test_former_keys_stay_valid_while_they_are_being_changed(
    client: Client, platform: Platform, account: OfficialAccount
) -> None:
    account.change_callback_keys(token="newtoken", aes_key="Z" * 42 + "w")
    account.save()
    response = post(client, platform.safe(platform.text("1")))
    assert platform.opened(response.content)["Content"] == "> 1"


def test_a_repeated_delivery_gets_the_same_answer_and_is_recorded_once(
    client: Client, platform: Platform
) -> None:
    answers = iter(["first", "second"])
    with routing.replaced():
        routing.answers(order=1, quick=True)(lambda event: Answer("test", Text(next(answers))))
        text = platform.text("1")
        replies = [platform.opened(post(client, platform.safe(text)).content) for _ in range(2)]
    assert replies[0] == replies[1]
    assert replies[0]["Content"] == "first"
    assert InboundMessage.objects.count() == 1


def test_concurrent_deliveries_get_the_same_answer_and_are_recorded_once(platform: Platform) -> None:
    numbers = iter(range(100))

    def deliver(text: str) -> str:
        try:
            return platform.opened(post(Client(), platform.safe(text)).content)["Content"]
        finally:
            connection.close()

    with routing.replaced(), ThreadPoolExecutor(8) as pool:
        routing.answers(order=1, quick=True)(lambda event: Answer("test", Text(str(next(numbers)))))
        texts = [platform.text(str(n)) for n in range(5)]
        got = list(pool.map(deliver, [text for text in texts for _ in range(8)]))
    groups = [set(got[i : i + 8]) for i in range(0, len(got), 8)]
    assert all(len(group) == 1 for group in groups)
    assert InboundMessage.objects.count() == len(groups)
