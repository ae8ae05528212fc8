import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine

from accounts.official.models import OfficialAccount
from tests.callbacks import PATH, call, post, run
from tests.platform import Platform, Push, elements
from wechat.inbox import routing
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import Answer, InboundEvent
from wechat.sdk import messages
from wechat.sdk.content import Text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _echo(account: OfficialAccount) -> Iterator[None]:
    """Makes the account answer a text with the same text."""
    with routing.replaced():

        @routing.answers(order=1, quick=True)
        def echo(event: InboundEvent) -> Answer | None:
            return Answer("test:echo", Text(f"> {event.message.text}")) if event.message.text else None

        yield


def test_a_sealed_text_is_recorded_and_gets_a_sealed_answer(platform: Platform) -> None:
    response = post(platform.safe(platform.text("你好")))
    assert response.status_code == 200
    assert platform.opened(response.content)["Content"] == "> 你好"
    row = InboundMessage.objects.get()
    assert (row.text, row.answered_by, row.answer) == (
        "你好",
        "test:echo",
        {"type": "text", "content": "> 你好"},
    )


def test_the_address_may_end_with_a_slash(platform: Platform) -> None:
    assert post(platform.safe(platform.text("1")), PATH + "/").status_code == 200


def test_what_nobody_answers_is_recorded_and_gets_success(platform: Platform) -> None:
    response = post(platform.safe(platform.event("oA", "subscribe")))
    assert (response.content, response.headers["content-type"]) == (b"success", "text/plain")
    assert InboundMessage.objects.get().event == "subscribe"


def test_the_platform_verifies_the_address(platform: Platform) -> None:
    query = platform.plain("").query | {"echostr": "4375120948345356249"}
    [response] = run(call(PATH, Push(query, b""), "GET"))
    assert (response.status_code, response.content) == (200, b"4375120948345356249")


def test_an_unsigned_echo_is_refused() -> None:
    [response] = run(call(PATH, Push({"echostr": "1"}, b""), "GET"))
    assert response.status_code == 403


def test_an_unknown_account_is_not_found(platform: Platform) -> None:
    assert post(platform.safe(platform.text("1")), "/wechat/nobody/callback").status_code == 404


def test_an_account_whose_secrets_cannot_be_opened_has_the_platform_try_again(
    account: OfficialAccount, platform: Platform
) -> None:
    neighbour = OfficialAccount.objects.create(
        slug="other", name="Other", appid="wx00000000000000ff", token="othertoken", mode="plain"
    )
    OfficialAccount.objects.filter(pk=neighbour.pk).update(token=b"lost.from another installation")
    push = platform.safe(platform.text("1"))
    assert post(push, "/wechat/other/callback").status_code == 503
    assert post(push).status_code == 200


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
    platform: Platform, spoil: Callable[[Push], Push]
) -> None:
    response = post(spoil(platform.safe(platform.text("1"))))
    assert response.status_code == 403
    assert not InboundMessage.objects.exists()


def test_a_plain_push_to_an_account_in_safe_mode_is_refused(platform: Platform) -> None:
    assert post(platform.plain(platform.text("1"))).status_code == 403


def test_a_stale_push_is_refused(platform: Platform) -> None:
    assert post(platform.safe(platform.text("1"), at=1_769_907_601)).status_code == 403


def test_an_envelope_of_another_appid_is_refused(platform: Platform) -> None:
    push = platform.safe(platform.text("1"), appid="wxffffffffffffffff")
    assert post(push).status_code == 403


def test_a_body_over_256_kib_is_too_large(platform: Platform) -> None:
    push = platform.safe(platform.text("1"))
    assert post(Push(push.query, b"x" * (256 * 1024 + 1))).status_code == 413


def test_genuine_but_malformed_xml_is_kept_raw_and_gets_success(platform: Platform) -> None:
    for _ in range(2):
        response = post(platform.safe("<xml><MsgType>text</"))
        assert (response.status_code, response.content) == (200, b"success")
    row = InboundMessage.objects.get()
    assert (row.kind, row.body) == ("malformed", "<xml><MsgType>text</")


BROKEN = {
    "a cut character": (b"<![CDATA[\xe6\xb8\x85\xe6\xb8]]>", "清\N{REPLACEMENT CHARACTER}"),
    "an emoji in halves": (b"<![CDATA[\xe5\xa5\xbd\xed\xa0\xbd\xed\xb8\x80]]>", "好😀"),
    "0xFF": (b"<![CDATA[\xff1]]>", "\N{REPLACEMENT CHARACTER}1"),
    "a control character": (b"<![CDATA[1\x0b2\x00]]>", "12"),
    "markup": ("买 <b>两</b> 件".encode(), "买 <b>两</b> 件"),
    "an ampersand": (b"<![CDATA[a]]> & b", "a]]> & b"),
    "numbers of characters": (b"&#x14;&#0;1 &#8364; &amp;#65; &#x110000;", "1 € &#65;"),
    "an emoji as two numbers": (b"&#55357;&#56832;", "😀"),
}


@pytest.mark.parametrize(("inner", "text"), BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("mode", ["safe", "plain"])
def test_a_push_that_is_not_clean_xml_is_its_followers_answered_and_kept_as_it_came(
    platform: Platform, account: OfficialAccount, mode: str, inner: bytes, text: str
) -> None:
    account.mode = mode
    account.save()
    body = platform.text("?").encode().replace(b"<![CDATA[?]]>", inner)
    push = platform.safe(body) if mode == "safe" else platform.plain(body)
    answers = [post(push).content for _repeat in range(2)]
    answer = platform.opened(answers[0]) if mode == "safe" else elements(answers[0])
    assert (answer["ToUserName"], answer["Content"]) == ("oFollower", f"> {text}")
    row = InboundMessage.objects.get()
    assert (row.openid, row.text, row.answered_by) == ("oFollower", text, "test:echo")
    assert row.raw_body == body
    assert isinstance(row.message, messages.Text)
    assert row.message.text == text


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
    ],
)
@pytest.mark.parametrize(
    ("content", "text"),
    [("好😀", "好😀"), ("1\x14\ud83d2", "1\N{REPLACEMENT CHARACTER}2"), ("a]]> & b", "a]]> & b")],
)
@pytest.mark.parametrize("form", ["xml", "json", "xml that declares another encoding"])
def test_a_push_is_read_in_the_encoding_that_it_is_in(
    platform: Platform, form: str, content: str, text: str, encoding: str, mark: bytes
) -> None:
    xml = platform.text("?")
    if form == "json":
        document = platform.in_json(xml, sealed=False).body.decode()
    else:
        document = xml if form == "xml" else f'<?xml version="1.0" encoding="GBK"?>{xml}'
    body = mark + document.replace("?]]>", f"{content}]]>").replace('"?"', f'"{content}"').encode(
        encoding, "surrogatepass"
    )
    post(platform.safe(body))
    row = InboundMessage.objects.get()
    got = row.text.replace("\N{REPLACEMENT CHARACTER}" * 3, "\N{REPLACEMENT CHARACTER}")
    assert (row.kind, row.openid, got) == ("text", "oFollower", text)
    assert row.answered_by == "test:echo"
    assert row.raw_body == body


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("</xml>", "</xml>\n--\n"),
        ("<MsgId>7</MsgId>", f"<MsgId>{2**63 + 7}</MsgId>"),
        ("<MsgId>7</MsgId>", "<MsgId> 7.0\n</MsgId>"),
        ("<![CDATA[", "\n  <![CDATA["),
    ],
    ids=["something behind it", "a large id", "16.0", "blanks"],
)
def test_numbers_and_blanks_are_read_however_they_are_written(
    platform: Platform, before: str, after: str
) -> None:
    response = post(platform.safe(platform.text("1", msg_id=7).replace(before, after)))
    assert platform.opened(response.content)["Content"] == "> 1"
    row = InboundMessage.objects.get()
    assert (row.kind, row.openid, row.text) == ("text", "oFollower", "1")


@pytest.mark.parametrize("mode", ["safe", "compatible", "plain"])
def test_a_push_in_json_is_answered_in_json(platform: Platform, account: OfficialAccount, mode: str) -> None:
    account.mode = mode
    account.save()
    push = platform.in_json(platform.text("你好"), sealed=mode != "plain")
    response = post(push)
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    answer = json.loads(response.content)
    if mode != "plain":
        assert isinstance(answer["TimeStamp"], int)
        answer = json.loads(platform.unsealed(answer))
    assert (answer["ToUserName"], answer["FromUserName"]) == ("oFollower", platform.original_id)
    assert (answer["MsgType"], answer["Content"]) == ("text", "> 你好")
    assert isinstance(answer["CreateTime"], int)
    assert InboundMessage.objects.get().message.text == "你好"


def test_a_push_in_json_that_nobody_answers_gets_success(platform: Platform) -> None:
    response = post(platform.in_json(platform.event("oA", "subscribe")))
    assert (response.status_code, response.content) == (200, b"success")


@pytest.mark.parametrize(
    "body", [b"{", b"[1]", b'{"a":' * 20_000, b'{"FromUserName": {"a": 1}}', b"\xff\xfe"]
)
def test_what_is_genuine_and_says_nothing_is_kept_raw(platform: Platform, body: bytes) -> None:
    assert post(platform.safe(body)).content == b"success"
    row = InboundMessage.objects.get()
    assert (row.kind, row.raw_body) == ("malformed", body)


def test_plain_mode_takes_a_signed_plain_push(platform: Platform, account: OfficialAccount) -> None:
    account.mode = "plain"
    account.save()
    response = post(platform.plain(platform.text("你好")))
    assert "&gt; 你好".encode() in response.content or "> 你好".encode() in response.content


def test_previous_keys_stay_valid_while_they_are_being_changed(
    platform: Platform, account: OfficialAccount
) -> None:
    account.change_callback_keys(token="newtoken", aes_key="Z" * 42 + "w")
    account.save()
    response = post(platform.safe(platform.text("1")))
    assert platform.opened(response.content)["Content"] == "> 1"


def test_a_repeated_delivery_gets_the_same_answer_and_is_recorded_once(platform: Platform) -> None:
    answers = iter(["first", "second"])
    with routing.replaced():
        routing.answers(order=1, quick=True)(lambda event: Answer("test", Text(next(answers))))
        text = platform.text("1")
        replies = [platform.opened(post(platform.safe(text)).content) for _ in range(2)]
    assert replies[0] == replies[1]
    assert replies[0]["Content"] == "first"
    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize("mode", ["safe", "plain"])
def test_every_delivery_is_answered_with_the_time_of_the_message(
    platform: Platform, account: OfficialAccount, mode: str
) -> None:
    account.mode = mode
    account.save()
    sent = int(time.time()) - 100
    text = re.sub(r"<CreateTime>\d+", f"<CreateTime>{sent}", platform.text("1"))
    replies = []
    for later in (0, 5, 10):
        with time_machine.travel(sent + 100 + later):
            body = post(platform.safe(text) if mode == "safe" else platform.plain(text)).content
            replies.append(platform.opened(body) if mode == "safe" else elements(body))
    assert [reply["CreateTime"] for reply in replies] == [str(sent)] * 3


def test_concurrent_deliveries_get_the_same_answer_and_are_recorded_once(platform: Platform) -> None:
    numbers = iter(range(100))

    def deliver(text: str) -> str:
        return platform.opened(post(platform.safe(text)).content)["Content"]

    with routing.replaced(), ThreadPoolExecutor(8) as pool:
        routing.answers(order=1, quick=True)(lambda event: Answer("test", Text(str(next(numbers)))))
        texts = [platform.text(str(n)) for n in range(5)]
        got = list(pool.map(deliver, [text for text in texts for _ in range(8)]))
    groups = [set(got[i : i + 8]) for i in range(0, len(got), 8)]
    assert all(len(group) == 1 for group in groups)
    assert InboundMessage.objects.count() == len(groups)
