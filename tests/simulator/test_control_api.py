"""Tests of the control API: invalid values are refused with a message, and no request breaks it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from simulator import samples
from tests.simulator.conftest import APPID, OPENID, Simulator

MERCHANT = {"mchid": "1900000109", "apiv3_key": "0" * 32}


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        (f"/accounts/{APPID}/publishing", {}, "outcome is missing"),
        (f"/accounts/{APPID}/publishing", {"outcome": 9}, "outcome must be a publish_status"),
        (f"/accounts/{APPID}/comments", {}, "msg_data_id is missing"),
        (f"/accounts/{APPID}/comments", {"msg_data_id": 1}, "openid is missing"),
        (f"/accounts/{APPID}/mass", {"confirms": "x"}, "confirms: expected bool, found str"),
        (f"/accounts/{APPID}/followers", {"count": 10**30}, "count must be a number up to 10,000,000"),
        (f"/accounts/{APPID}/followers", {"openids": "x"}, "openids must be a list of texts"),
        (f"/accounts/{APPID}/personas", {"count": 10**30}, "count must be a number up to 10,000,000"),
        (f"/accounts/{APPID}/personas/act", {"count": "x"}, "count must be a number up to 10,000,000"),
        (
            f"/accounts/{APPID}/events/{OPENID}",
            {"type": "text", "deliveries": 10**30},
            "deliveries must be a number from 1 to 100",
        ),
        (
            f"/accounts/{APPID}/events/{OPENID}",
            {"type": "text", "attempts": "x"},
            "attempts must be a number from 1 to 100",
        ),
        ("/clock", {"advance": 1e308}, "the clock moves by thirty years at most"),
        ("/pay/settings", {"bill_classic": "x"}, "bill_classic: expected bool, found str"),
        ("/merchants/1900000109/refunds", {}, "amount is missing"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(
    simulator: Simulator, path: str, body: Any, sentence: str
) -> None:
    simulator.sim("/merchants", MERCHANT)
    answer = requests.post(f"{simulator.base}/_sim{path}", json=body, timeout=30)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]


@pytest.mark.parametrize("body", [b"[" * 50_000, b'{"advance":NaN}', b'{"appid":"\\ud800"}', b"\xff", b"[]"])
def test_what_is_no_json_object_is_refused(simulator: Simulator, body: bytes) -> None:
    answer = requests.post(f"{simulator.base}/_sim/accounts", data=body, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_large_upload_comes_back_whole(simulator: Simulator) -> None:
    name, _, data = samples.load("video", "")
    larger = data + b"\0" * 2_000_000
    sent = simulator.upload("/cgi-bin/media/upload", name, larger, type="video")
    address = simulator.call("/cgi-bin/media/get", media_id=sent["media_id"])["video_url"]
    assert simulator.session.get(address, timeout=30).content == larger
