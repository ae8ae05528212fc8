"""The push engine: what it sends, when it repeats, what it accepts (WeChat reference 1, 3, 17)."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from lxml import etree

from simulator import signing
from tests.simulator.conftest import (
    APPID,
    OPENID,
    OWNER,
    AccountServer,
    Pushed,
    Simulator,
    reply,
    sealed_reply,
)

NOTICE = ("system", "notice", {"content": "该公众号提供的服务出现故障，请稍后再试"})


def verdicts(answer: Any) -> list[str]:
    return [each["verdict"] for each in answer["attempts"]]


def test_a_reply_reaches_the_phone(simulator: Simulator, server: AccountServer) -> None:
    server.answer = lambda pushed: reply(inner="<Content>周六见</Content>")
    answer = simulator.event(type="text", content="周六有课吗")
    assert verdicts(answer) == ["reply"]
    assert answer["attempts"][0]["reply"]["Content"] == "周六见"
    assert answer["shown"][0]["content"] == {"content": "周六见"}
    assert simulator.received() == [("passive", "text", {"content": "周六见"})]


@pytest.mark.parametrize(("body", "verdict"), [(b"success", "success"), (b"", "empty")])
def test_an_account_may_say_nothing(
    simulator: Simulator, server: AccountServer, body: bytes, verdict: str
) -> None:
    server.answer = lambda pushed: body
    assert verdicts(simulator.event(type="text")) == [verdict]
    assert simulator.received() == []


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_each_mode_signs_and_seals_in_its_own_way(
    simulator: Simulator, server: AccountServer, mode: str
) -> None:
    simulator.sim("/accounts", {"appid": APPID, "mode": mode})
    simulator.event(type="text", content="你好")
    push = server.pushed[0]
    stamp = (push.query["timestamp"], push.query["nonce"])
    assert push.query["signature"] == signing.signature(OWNER["token"], *stamp)
    assert push.content_type == "text/xml"
    assert push.query["openid"] == OPENID
    assert ("encrypt_type" in push.query, b"<Encrypt>" in push.body) == (mode != "plain", mode != "plain")
    assert (b"<Content>" in push.body) == (mode != "safe")
    assert "<Content><![CDATA[你好]]></Content>" in server.opened()
    if mode != "plain":
        sealed = push.body.decode().split("<Encrypt><![CDATA[")[1].split("]]>")[0]
        assert push.query["msg_signature"] == signing.signature(OWNER["token"], *stamp, sealed)


def test_a_safe_account_must_answer_sealed(simulator: Simulator, server: AccountServer) -> None:
    simulator.sim("/accounts", {"appid": APPID, "mode": "safe"})
    server.answer = lambda pushed: reply()
    assert verdicts(simulator.event(type="text"))[0].startswith("refused: the account is in safe mode")
    server.answer = lambda pushed: sealed_reply(reply())
    assert verdicts(simulator.event(type="text")) == ["reply"]
    server.answer = lambda pushed: sealed_reply(reply(), token="another")
    assert verdicts(simulator.event(type="text")) == ["refused: MsgSignature is wrong"]


def test_a_compatible_account_may_answer_plain_or_sealed(simulator: Simulator, server: AccountServer) -> None:
    simulator.sim("/accounts", {"appid": APPID, "mode": "compatible"})
    for body in (reply(), sealed_reply(reply())):
        server.answer = lambda pushed, body=body: body  # type: ignore[misc]  # binds the loop's value
        assert verdicts(simulator.event(type="text")) == ["reply"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"ok":true}',
        b"Success",
        b"<xml><unclosed></xml>",
        b"<html></html>",
        b'<!DOCTYPE xml [<!ENTITY a "b">]>' + reply(),
        reply(to="oSomeoneElse"),
        reply(me="gh_000000000000"),
        reply("hologram"),
        reply(inner="<Content></Content>"),
        reply(inner=f"<Content>{'长' * 683}</Content>"),
        reply("image", "<Image><MediaId>unknown</MediaId></Image>"),
        reply("image", ""),
        reply("news", "<ArticleCount>1</ArticleCount><Articles></Articles>"),
        reply("news", "<ArticleCount>2</ArticleCount><Articles><item><Title>a</Title></item></Articles>"),
        reply(
            "news",
            "<ArticleCount>2</ArticleCount><Articles>" + "<item><Title>a</Title></item>" * 2 + "</Articles>",
        ),
        sealed_reply(reply()),
    ],
)
def test_a_wrong_reply_is_refused_once_and_the_follower_sees_the_notice(
    simulator: Simulator, server: AccountServer, body: bytes
) -> None:
    server.answer = lambda pushed: body
    answer = simulator.event(type="text")
    assert len(answer["attempts"]) == 1
    assert verdicts(answer)[0].startswith("refused: ")
    assert simulator.received() == [NOTICE]


def test_several_articles_may_answer_an_event(simulator: Simulator, server: AccountServer) -> None:
    items = "<item><Title>a</Title></item>" * 3
    server.answer = lambda pushed: reply(
        "news", f"<ArticleCount>3</ArticleCount><Articles>{items}</Articles>"
    )
    assert len(simulator.event(type="click", key="A")["shown"][0]["content"]["articles"]) == 3


def test_a_handover_is_marked(simulator: Simulator, server: AccountServer) -> None:
    inner = "<TransInfo><KfAccount>kf2001@demo_oa</KfAccount></TransInfo>"
    server.answer = lambda pushed: reply("transfer_customer_service", inner)
    answer = simulator.event(type="text")
    assert answer["attempts"][0]["detail"] == "handed over to customer service"
    assert simulator.received() == [
        ("passive", "transfer_customer_service", {"kf_account": "kf2001@demo_oa"})
    ]


def test_a_server_that_fails_is_asked_four_times_with_the_same_message(
    simulator: Simulator, server: AccountServer
) -> None:
    server.answer = lambda pushed: 500
    answer = simulator.event(type="text", content="hi")
    assert verdicts(answer) == ["error"] * 4
    assert len({each.body for each in server.pushed}) == 1
    assert len({each.query["nonce"] for each in server.pushed}) == 4
    assert simulator.received() == [NOTICE]


def test_repeats_may_carry_the_same_signature(simulator: Simulator, server: AccountServer) -> None:
    simulator.sim("/settings", {"same_signature_on_repeat": True})
    server.answer = lambda pushed: 500
    simulator.event(type="text")
    assert len({each.query["signature"] for each in server.pushed}) == 1
    simulator.sim("/settings", {"same_signature_on_repeat": False})


def test_a_server_that_is_too_slow_is_asked_again_and_its_late_answer_is_lost(
    simulator: Simulator, server: AccountServer
) -> None:
    simulator.sim("/settings", {"deadline": 0.3})
    release = threading.Event()

    def slow_at_first(pushed: Pushed) -> bytes:
        if len(server.pushed) == 1:
            # Its repeat is to come in time on every machine.
            Simulator(simulator.base).sim("/settings", {"deadline": 60})
            release.wait(60)
            return reply(inner="<Content>late</Content>")
        return reply(inner="<Content>in time</Content>")

    server.answer = slow_at_first
    answer = simulator.event(type="text")
    release.set()
    assert verdicts(answer) == ["timeout", "reply"]
    assert simulator.received() == [("passive", "text", {"content": "in time"})]


def test_a_server_that_drips_its_answer_misses_the_deadline(
    simulator: Simulator, server: AccountServer
) -> None:
    """The deadline covers the whole answer, not each piece of it."""
    simulator.sim("/settings", {"deadline": 0.3})
    release = threading.Event()

    def drip(pushed: Pushed) -> Iterator[bytes]:
        while not release.wait(0.05):
            yield b" "

    server.answer = drip
    answer = simulator.event(type="text", attempts=1)
    release.set()
    assert verdicts(answer) == ["timeout"]


def test_nobody_listening_is_an_error(simulator: Simulator) -> None:
    simulator.sim("/accounts", {"appid": APPID, "callback_url": "http://127.0.0.1:9/"})
    assert verdicts(simulator.event(type="text", attempts=2)) == ["error", "error"]


def test_an_account_that_keeps_failing_is_left_alone_for_a_minute(
    simulator: Simulator, server: AccountServer
) -> None:
    server.answer = lambda pushed: 500
    for _ in range(3):
        simulator.event(type="text", attempts=1)
    server.answer = lambda pushed: reply()
    held = simulator.event(type="text")
    assert verdicts(held) == ["held"]
    assert "MarkFail" in held["attempts"][0]["detail"]
    assert len(server.pushed) == 3
    simulator.sim("/clock", {"advance": 61})
    assert verdicts(simulator.event(type="text")) == ["reply"]


def test_a_success_between_failures_forgives_them(simulator: Simulator, server: AccountServer) -> None:
    for status in (500, 500, b"success", 500, 500):
        server.answer = lambda pushed, status=status: status  # type: ignore[misc]  # binds the loop's value
        simulator.event(type="text", attempts=1)
    server.answer = lambda pushed: b"success"
    assert verdicts(simulator.event(type="text")) == ["success"]


def test_concurrent_deliveries_of_one_message_show_one_reply(
    simulator: Simulator, server: AccountServer
) -> None:
    together = threading.Barrier(3)

    def answer_together(pushed: Pushed) -> bytes:
        together.wait(60)
        return reply()

    server.answer = answer_together
    answer = simulator.event(type="text", deliveries=3)
    assert verdicts(answer) == ["reply"] * 3
    assert len({each.body for each in server.pushed}) == 1
    assert len(simulator.received()) == 1


def test_a_message_can_be_pushed_again_under_its_old_name(
    simulator: Simulator, server: AccountServer
) -> None:
    first = simulator.event(type="text", content="hi", create_time=1769907601)
    simulator.event(type="text", content="hi", create_time=1769907601, msg_id=first["msg_id"])
    assert server.pushed[0].body == server.pushed[1].body


def test_events_without_waiting_are_pushed_in_the_background(
    simulator: Simulator, server: AccountServer
) -> None:
    release = threading.Event()
    server.answer = lambda pushed: reply() if release.wait(60) else b""
    assert simulator.event(type="text", wait=False)["shown"] == []
    release.set()
    while not simulator.received():
        time.sleep(0.01)


def test_a_push_still_on_its_way_leaves_no_trace_after_a_reset(
    simulator: Simulator, server: AccountServer
) -> None:
    asked, release = threading.Event(), threading.Event()

    def answer_late(pushed: Pushed) -> bytes:
        asked.set()
        release.wait(60)
        return reply()

    server.answer = answer_late
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(simulator.event, type="text")
        assert asked.wait(60)
        simulator.sim("/reset", {"keep_accounts": True})
        release.set()
        assert verdicts(late.result(60)) == ["reply"]
    assert simulator.received() == []
    assert simulator.get(f"/accounts/{APPID}/deliveries") == {"entries": []}


@pytest.mark.parametrize("mode", ["plain", "safe"])
@pytest.mark.parametrize("tamper", ["signature", "timestamp", "nonce"])
def test_a_tampered_push_no_longer_carries_its_signature(
    simulator: Simulator, server: AccountServer, mode: str, tamper: str
) -> None:
    simulator.sim("/accounts", {"appid": APPID, "mode": mode})
    simulator.event(type="text", tamper=tamper)
    query = server.pushed[0].query
    assert query["signature"] != signing.signature(OWNER["token"], query["timestamp"], query["nonce"])


def test_each_kind_of_spoiled_push_can_be_had(simulator: Simulator, server: AccountServer) -> None:
    simulator.sim("/accounts", {"appid": APPID, "mode": "safe"})
    kinds = ["unsigned", "downgrade", "stale", "huge", "malformed", "entity"]
    for kind in kinds:
        simulator.event(type="text", content="hi", tamper=kind)
    unsigned, downgrade, stale, huge, malformed, entity = server.pushed
    assert "msg_signature" not in unsigned.query
    assert b"<Content>" in downgrade.body
    assert int(unsigned.query["timestamp"]) - int(stale.query["timestamp"]) >= 3500
    assert len(huge.body) > 256 * 1024
    assert server.opened(3).rstrip().endswith("</xml>")
    assert not server.opened(4).endswith("</xml>")
    assert server.opened(5).startswith("<!DOCTYPE")
    simulator.event(type="text", tamper="appid")
    with pytest.raises(signing.EnvelopeError):
        server.opened()
    assert malformed.query["signature"] != entity.query["signature"]


def test_a_forged_push_is_sent_once_and_touches_nothing_else(
    simulator: Simulator, server: AccountServer
) -> None:
    server.answer = lambda pushed: 403
    for _ in range(4):
        forged = simulator.event(type="text", content="x", tamper="signature")
        assert (verdicts(forged), forged["shown"]) == (["error"], [])
    assert simulator.say() == 45015
    server.answer = lambda pushed: b"success"
    assert verdicts(simulator.event(type="text")) == ["success"]


def test_an_unknown_tampering_is_named(simulator: Simulator) -> None:
    url = f"{simulator.base}/_sim/accounts/{APPID}/events/{OPENID}"
    refused = simulator.session.post(url, json={"type": "text", "tamper": "magic"}, timeout=30)
    assert (refused.status_code, refused.json()) == (400, {"error": "unknown tamper 'magic'"})


DOINGS: list[tuple[dict[str, Any], set[str]]] = [
    ({"type": "text", "content": "a"}, {"Content", "MsgId"}),
    ({"type": "text", "content": "a", "bizmsgmenuid": "101"}, {"Content", "bizmsgmenuid", "MsgId"}),
    ({"type": "image"}, {"PicUrl", "MediaId", "MsgId"}),
    ({"type": "voice"}, {"MediaId", "Format", "MediaId16K", "MsgId"}),
    ({"type": "voice", "recognition": "你好"}, {"MediaId", "Format", "Recognition", "MsgId"}),
    ({"type": "video"}, {"MediaId", "ThumbMediaId", "MsgId"}),
    ({"type": "shortvideo"}, {"MediaId", "ThumbMediaId", "MsgId"}),
    ({"type": "location"}, {"Location_X", "Location_Y", "Scale", "Label", "MsgId"}),
    ({"type": "link", "title": "t", "url": "https://a.example"}, {"Title", "Description", "Url", "MsgId"}),
    ({"type": "follow"}, {"Event", "EventKey"}),
    ({"type": "unfollow"}, {"Event", "EventKey"}),
    ({"type": "scan", "scene": 7}, {"Event", "EventKey", "Ticket"}),
    ({"type": "click", "key": "A"}, {"Event", "EventKey"}),
    ({"type": "view", "url": "https://a.example"}, {"Event", "EventKey", "MenuId"}),
    (
        {"type": "raw", "xml": {"MsgType": "event", "Event": "LOCATION", "Latitude": 23.1}},
        {"Event", "Latitude"},
    ),
]
COMMON = {"ToUserName", "FromUserName", "CreateTime", "MsgType"}


@pytest.mark.parametrize(("given", "own"), DOINGS, ids=[given["type"] for given, _ in DOINGS])
def test_each_doing_pushes_the_elements_of_the_platform(
    simulator: Simulator, server: AccountServer, given: dict[str, Any], own: set[str]
) -> None:
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID]})
    simulator.event(**given)
    names = [str(each.tag) for each in etree.fromstring(server.opened().encode())]
    assert set(names) == COMMON | own
    assert len(names) == len(set(names))


def test_wild_text_stays_one_text_element(simulator: Simulator, server: AccountServer) -> None:
    wild = "]]><Evil/><![CDATA[ & < > 🏃 \x0b \x00 好"
    simulator.event(type="text", content=wild)
    root = etree.fromstring(server.opened().encode())
    assert root.findtext("Content") == wild.replace("\x0b", "").replace("\x00", "")
    assert root.find("Evil") is None


def test_a_reply_to_leaving_or_a_view_button_is_not_shown(
    simulator: Simulator, server: AccountServer
) -> None:
    server.answer = lambda pushed: reply()
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID]})
    assert simulator.event(type="view", url="https://a.example")["shown"] == []
    assert simulator.event(type="unfollow")["shown"] == []


def test_a_mini_program_may_be_pushed_json(simulator: Simulator, server: AccountServer) -> None:
    simulator.sim("/accounts", {"appid": APPID, "kind": "miniprogram", "format": "json", "mode": "safe"})
    simulator.event(type="text", content="你好")
    pushed = server.pushed[0]
    assert pushed.content_type == "application/json"
    assert set(object_in(pushed.body)) == {"ToUserName", "Encrypt"}


def object_in(body: bytes) -> dict[str, Any]:
    return dict(json.loads(body))


def test_the_callback_address_is_verified_by_its_echo(simulator: Simulator, server: AccountServer) -> None:
    server.answer = lambda pushed: pushed.query["echostr"].encode()
    answer = simulator.sim(f"/accounts/{APPID}/verify")
    assert (answer["ok"], answer["status"]) == (True, 200)
    query = server.pushed[0].query
    assert query["signature"] == signing.signature(OWNER["token"], query["timestamp"], query["nonce"])
    server.answer = lambda pushed: b'"' + pushed.query["echostr"].encode() + b'"'
    assert simulator.sim(f"/accounts/{APPID}/verify")["ok"] is False


def test_many_people_write_at_once_and_each_gets_the_own_answer(
    simulator: Simulator, server: AccountServer
) -> None:
    def echo(pushed: Pushed) -> bytes:
        root = etree.fromstring(pushed.body)
        return reply(
            inner=f"<Content>{root.findtext('Content')}</Content>", to=str(root.findtext("FromUserName"))
        )

    server.answer = echo
    people = [f"oPerson{number:021d}" for number in range(20)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda each: simulator.event(each, type="text", content=each), people))
    assert [simulator.received(each) for each in people] == [
        [("passive", "text", {"content": each})] for each in people
    ]
