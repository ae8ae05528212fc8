"""Tests of the checks of every API call (WeChat reference 17)."""

from __future__ import annotations

import re

import pytest
import requests

from tests.simulator.conftest import APPID, OPENID, Simulator

SEND = "/cgi-bin/message/custom/send"
QUOTA = "/cgi-bin/openapi/quota/get"


def test_an_error_is_http_200_with_a_request_id(simulator: Simulator) -> None:
    answer = simulator.raw(SEND, {})
    assert answer.status_code == 200
    assert re.fullmatch(
        r"access_token missing rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}", answer.json()["errmsg"]
    )


def test_the_wrong_method_is_named(simulator: Simulator) -> None:
    assert simulator.code(SEND) == 43002
    assert simulator.code("/cgi-bin/getcallbackip", {}) == 43001


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 44002),
        (b"{", 47001),
        (b"[]", 47001),
        (b"\xff\xfe", 47001),
        (rb'{"cgi_path":"\u4f60"}', 76021),
    ],
)
def test_a_body_must_be_a_json_object(simulator: Simulator, body: bytes, code: int) -> None:
    assert simulator.code(QUOTA, body) == code


@pytest.mark.parametrize(
    ("name", "code"), [(rb"\u4f60", 40033), (rb"\\u4f60", 40017), (rb"\u0007", 40017), ("你".encode(), 40017)]
)
def test_menus_alone_are_refused_for_needless_escapes(simulator: Simulator, name: bytes, code: int) -> None:
    assert simulator.code("/cgi-bin/menu/create", b'{"button":[{"type":"?","name":"%s"}]}' % name) == code


def test_the_right_is_checked_before_the_quota_and_the_quota_before_the_body(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/quota", {"api": SEND, "daily_limit": 0})
    assert simulator.code(SEND, b"nonsense") == 45009
    simulator.sim("/accounts", {"appid": APPID, "verified": False})
    assert simulator.code(SEND, b"nonsense") == 48001


def test_a_used_up_quota_returns_with_the_next_day(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/quota", {"api": "/cgi-bin/getcallbackip", "daily_limit": 2})
    assert [simulator.code("/cgi-bin/getcallbackip") for _ in range(3)] == [0, 0, 45009]
    answer = simulator.call(QUOTA, {"cgi_path": "/cgi-bin/getcallbackip"})
    assert answer["quota"] == {"daily_limit": 2, "used": 2, "remain": 0}
    simulator.sim("/clock", {"advance": 86_400})
    simulator.get_token()
    assert simulator.code("/cgi-bin/getcallbackip") == 0


def test_a_minute_limit_returns_with_the_next_minute(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/quota", {"api": "/cgi-bin/getcallbackip", "minute_limit": 1})
    codes = {simulator.code("/cgi-bin/getcallbackip") for _ in range(3)}
    assert 45011 in codes
    simulator.sim("/clock", {"advance": 60})
    assert simulator.code("/cgi-bin/getcallbackip") == 0


def test_a_subscription_account_has_no_qr_codes(simulator: Simulator) -> None:
    simulator.sim("/accounts", {"appid": APPID, "kind": "subscription"})
    assert simulator.code("/cgi-bin/qrcode/create", {}) == 48001


@pytest.mark.parametrize(("kind", "code"), [("service", 0), ("subscription", 48001)])
def test_a_service_account_publishes_before_it_is_verified(
    simulator: Simulator, kind: str, code: int
) -> None:
    simulator.sim("/accounts", {"appid": APPID, "kind": kind, "verified": False})
    assert simulator.code("/cgi-bin/freepublish/batchget", {"offset": 0, "count": 1}) == code


def test_a_fault_strikes_as_often_as_it_was_set(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    simulator.sim("/faults", {"api": SEND, "errcode": -1, "times": 2})
    assert [simulator.say() for _ in range(3)] == [-1, -1, 0]


def test_a_fault_can_answer_like_a_broken_gateway(simulator: Simulator) -> None:
    fault = simulator.sim("/faults", {"api": "*", "http_status": 502})
    answer = simulator.raw("/cgi-bin/getcallbackip", access_token=simulator.token or "")
    assert answer.json()["errcode"] == 41001
    simulator.sim(f"/faults/{fault['id']}", method="DELETE")
    token = simulator.get_token()
    simulator.sim("/faults", {"api": "*", "http_status": 502, "times": 1})
    assert simulator.raw("/cgi-bin/getcallbackip", access_token=token).status_code == 502
    assert simulator.raw("/cgi-bin/getcallbackip", access_token=token).status_code == 200


def test_a_lost_answer_belongs_to_a_call_that_was_done(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    simulator.get_token()
    before = len(simulator.received())
    simulator.sim("/faults", {"api": SEND, "drop_answer": True, "times": 1})
    with pytest.raises(requests.RequestException):
        simulator.say("sent, but who knows")
    assert len(simulator.received()) == before + 1


def test_a_fault_of_one_account_spares_the_others(simulator: Simulator) -> None:
    simulator.sim("/faults", {"api": "*", "errcode": -1, "appid": "wx0a9b8c7d6e5f4031"})
    assert simulator.code("/cgi-bin/getcallbackip") == 0


def test_calls_are_counted_without_their_secrets(simulator: Simulator) -> None:
    simulator.say()
    calls = simulator.get(f"/calls?appid={APPID}")
    assert calls["counts"] == {"/cgi-bin/token": 1, SEND: 1}
    assert [each["errcode"] for each in calls["recent"]] == [0, 40003]
    assert simulator.token not in str(calls)
    assert OPENID not in str(calls)
