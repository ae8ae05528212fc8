"""Tests of customer-service messages: their windows and their contents (WeChat reference 8)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import APPID, OPENID, Simulator

SEND = "/cgi-bin/message/custom/send"
TYPING = "/cgi-bin/message/custom/typing"


def send(simulator: Simulator, msgtype: str, content: Any) -> int:
    return simulator.code(SEND, {"touser": OPENID, "msgtype": msgtype, msgtype: content})


def test_a_message_allows_five_answers_in_48_hours(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    assert [simulator.say() for _ in range(6)] == [0, 0, 0, 0, 0, 45047]
    simulator.event(type="text", content="again")
    simulator.sim("/clock", {"advance": 48 * 3600 - 10})
    simulator.get_token()
    assert simulator.say() == 0
    simulator.sim("/clock", {"advance": 11})
    assert simulator.say() == 45015


@pytest.mark.parametrize(
    "action", [{"type": "follow"}, {"type": "click", "key": "A"}, {"type": "scan", "scene": "7"}]
)
def test_follow_menu_and_scan_allow_three_answers_in_a_minute(
    simulator: Simulator, action: dict[str, str]
) -> None:
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID]})
    simulator.event(**action)
    assert [simulator.say() for _ in range(4)] == [0, 0, 0, 45047]
    simulator.event(**action)
    simulator.sim("/clock", {"advance": 61})
    assert simulator.say() == 45015


def test_a_view_button_allows_nothing(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID]})
    simulator.event(type="view", url="https://h5.example.com/")
    assert simulator.say() == 45015


def test_a_tapped_menu_message_counts_as_a_menu_tap(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID]})
    simulator.event(type="text", content="满意", bizmsgmenuid="101")
    assert [simulator.say() for _ in range(4)] == [0, 0, 0, 45047]


def test_two_kinds_of_action_are_spent_in_the_order_they_end(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    simulator.event(type="click", key="A")
    assert [simulator.say() for _ in range(3)] == [0, 0, 0]
    simulator.sim("/clock", {"advance": 61})
    assert [simulator.say() for _ in range(6)] == [0, 0, 0, 0, 0, 45047]


def test_a_new_action_replaces_the_allowance_of_its_kind(simulator: Simulator) -> None:
    simulator.event(type="text", content="one")
    simulator.event(type="text", content="two")
    assert [simulator.say() for _ in range(6)] == [0, 0, 0, 0, 0, 45047]


def test_who_left_cannot_be_written_to(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    simulator.event(type="unfollow")
    assert simulator.say() == 45015


def test_a_stranger_is_an_invalid_openid(simulator: Simulator) -> None:
    assert simulator.say(openid="oNobody") == 40003


@pytest.mark.parametrize(
    ("msgtype", "content", "code"),
    [
        ("text", {"content": ""}, 44004),
        ("text", {"content": "长" * 683}, 45002),
        ("text", {"content": "长" * 682}, 0),
        ("text", "nonsense", 47001),
        ("image", {"media_id": "unknown"}, 40007),
        ("news", {"articles": []}, 44003),
        ("news", {"articles": [{"title": "a"}, {"title": "b"}]}, 45008),
        ("news", {"articles": [{"title": "a"}]}, 0),
        ("msgmenu", {"list": []}, 45098),
        ("msgmenu", {"list": [{"id": "1", "content": "x" * 61}]}, 45099),
        ("msgmenu", {"head_content": "?", "list": [{"id": "1", "content": "好"}]}, 0),
        ("link", {"title": "a", "url": "https://h5.example.com/"}, 48008),
        ("carrier_pigeon", {}, 40008),
    ],
)
def test_content_is_checked_before_the_window(
    simulator: Simulator, msgtype: str, content: Any, code: int
) -> None:
    simulator.event(type="text", content="hi")
    assert send(simulator, msgtype, content) == code


def test_a_refused_message_uses_up_nothing(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    assert [send(simulator, "text", {"content": ""}) for _ in range(6)] == [44004] * 6
    assert simulator.say() == 0


def test_what_was_sent_is_in_the_ledger_once(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    simulator.say("你好 🏃")
    assert simulator.received()[-1] == ("service", "text", {"content": "你好 🏃"})


def test_typing_needs_an_exchange_in_the_last_thirty_seconds(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    typing = {"touser": OPENID, "command": "Typing"}
    assert simulator.code(TYPING, typing) == 0
    assert simulator.code(TYPING, typing) == 45081
    assert simulator.code(TYPING, {**typing, "command": "CancelTyping"}) == 0
    assert simulator.code(TYPING, {**typing, "command": "Dancing"}) == 45072
    simulator.sim("/clock", {"advance": 31})
    assert simulator.code(TYPING, typing) == 45080
