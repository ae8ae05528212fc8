"""Tests of the requests and the live events of the phone page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from simulator import phone, samples
from simulator.world import Entry, World, openid_of
from tests.simulator.conftest import APPID, AccountServer, Simulator, reply

PERSON = "a-person"
OPENID = openid_of(APPID, PERSON)
PHONE = f"/phone/{APPID}/{PERSON}"


def do(simulator: Simulator, **deed: Any) -> requests.Response:
    return simulator.session.post(f"{simulator.base}{PHONE}/do", json=deed, timeout=30)


def conversation(simulator: Simulator) -> Any:
    return simulator.raw(f"{PHONE}/conversation").json()


@pytest.fixture
def happenings(simulator: Simulator) -> Iterator[Iterator[tuple[str, Any]]]:
    """The events of the live stream of one phone, as they come."""
    with simulator.session.get(
        f"{simulator.base}/phone/live?watch={APPID}:{OPENID}", stream=True, timeout=30
    ) as stream:
        lines = stream.iter_lines(chunk_size=1, decode_unicode=True)
        assert next(lines) == "retry: 1000"
        yield read(lines)


def read(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    for line in lines:
        if line.startswith("event: "):
            yield line.removeprefix("event: "), json.loads(next(lines).removeprefix("data: "))


def test_the_page_takes_scripts_and_styles_from_here_only(simulator: Simulator) -> None:
    page = simulator.raw("/")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert "http:" not in page.text
    assert "https:" not in page.text


def test_the_same_person_has_another_openid_with_each_account(simulator: Simulator) -> None:
    assert len(OPENID) == 28
    assert conversation(simulator)["openid"] == OPENID
    assert openid_of("wx0a9b8c7d6e5f4031", PERSON) != OPENID


def test_a_stranger_becomes_a_follower_by_following(simulator: Simulator) -> None:
    assert conversation(simulator)["person"]["following"] is False
    assert do(simulator, type="follow").status_code == 200
    assert conversation(simulator)["person"]["following"] is True


def test_a_phone_receives_each_delivery_and_the_reply(
    simulator: Simulator, server: AccountServer, happenings: Iterator[tuple[str, Any]]
) -> None:
    server.answer = lambda pushed: reply(inner="<Content>好的</Content>", to=OPENID)
    do(simulator, type="text", content="在吗")
    wanted = {("follower", "reply"), ("account", "好的")}
    seen = set()
    for kind, payload in happenings:
        entry = payload["entry"]
        assert kind == "entry"
        seen |= {(entry["side"], each["verdict"]) for each in entry["attempts"]}
        seen.add((entry["side"], entry["content"]["content"]))
        if wanted <= seen:
            break
    assert ("follower", "在吗") in seen


def test_a_phone_receives_typing_and_a_reset(
    simulator: Simulator, happenings: Iterator[tuple[str, Any]]
) -> None:
    do(simulator, type="follow")
    simulator.call("/cgi-bin/message/custom/typing", {"touser": OPENID, "command": "Typing"})
    assert any(payload.get("item") is True for kind, payload in happenings if kind == "typing")
    simulator.sim("/reset")
    assert any(kind == "reset" for kind, payload in happenings)


def test_an_entry_that_a_reset_overtook_does_not_end_the_stream() -> None:
    """It waited to be sent while its account was deleted."""
    world = World()
    viewer = world.live.join([(APPID, OPENID)])
    world.live.publish(APPID, OPENID, "entry", Entry(1, 0.0, OPENID, "follower", "chat", "text", {}))
    world.live.publish_reset()
    world.live.close()

    async def received() -> list[str]:
        return [text async for text in phone.stream(world, viewer)]

    opening, last = asyncio.run(received())
    assert (opening, "event: reset" in last) == ("retry: 1000\n\n", True)


def test_a_phone_does_not_receive_other_conversations(
    simulator: Simulator, happenings: Iterator[tuple[str, Any]]
) -> None:
    simulator.event(type="text", content="from someone else", attempts=1)
    do(simulator, type="text", content="mine")
    kind, payload = next(happenings)
    assert (kind, payload["entry"]["content"]) == ("entry", {"content": "mine"})


def test_a_chosen_file_is_checked_kept_and_sent(simulator: Simulator, server: AccountServer) -> None:
    picture = samples.load("image", "tea.jpg")[2]
    url = f"{simulator.base}{PHONE}/media"
    kept = simulator.session.post(
        url, params={"kind": "image", "name": "t.jpg"}, data=picture, timeout=30
    ).json()
    do(simulator, type="image", media_id=kept["media_id"])
    shown = conversation(simulator)["entries"][0]["content"]["media_id"]
    assert simulator.raw(f"/mmbiz/{APPID}/{shown}").content == picture
    refused = simulator.session.post(url, params={"kind": "image"}, data=b"no picture", timeout=30)
    assert (refused.status_code, refused.json()["errcode"]) == (400, 40005)
    odd = simulator.session.post(url, params={"kind": "soup"}, data=picture, timeout=30)
    assert odd.status_code == 400


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"{", b"[" * 50_000])
@pytest.mark.parametrize("what", ["do", "menu/platform", "menu/give"])
def test_what_no_page_sends_is_refused(simulator: Simulator, what: str, body: bytes) -> None:
    answer = simulator.raw(f"{PHONE}/{what}", body)
    assert (answer.status_code, answer.json()) == (400, {"error": "this cannot be read"})


def test_what_cannot_be_done_is_refused(simulator: Simulator) -> None:
    assert do(simulator, type="fly").status_code == 400
    assert do(simulator, type="pic_weixin", count="many").status_code == 400
    assert simulator.raw("/phone/wxnobody/x/conversation").status_code == 404


def test_every_sample_is_a_file_the_platform_takes(simulator: Simulator) -> None:
    for kind, names in samples.NAMES.items():
        for name in names:
            data = samples.load(kind, name)[2]
            assert "media_id" in simulator.upload("/cgi-bin/media/upload", name, data, type=kind)
            assert simulator.raw(f"/static/samples/{name}").content == data
