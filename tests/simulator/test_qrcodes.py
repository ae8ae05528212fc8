"""Tests of QR codes that a phone chooses, pastes, or recognises in a picture."""

from __future__ import annotations

import io
from typing import Any

import pytest
import segno

from tests.simulator.conftest import APPID, Simulator

PHONE = f"/phone/{APPID}/小明"


def made(simulator: Simulator, scene: str, **more: Any) -> dict[str, Any]:
    body = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}, **more}
    answer: dict[str, Any] = simulator.call("/cgi-bin/qrcode/create", body)
    return answer


def recognise(simulator: Simulator, picture: bytes = b"", **query: str) -> Any:
    address = f"{simulator.base}{PHONE}/codes"
    return simulator.session.post(address, params=query, data=picture, timeout=30).json()


def test_the_newest_codes_are_offered_first_with_what_became_of_them(simulator: Simulator) -> None:
    made(simulator, "old", action_name="QR_STR_SCENE", expire_seconds=60)
    made(simulator, "new")
    simulator.sim("/clock", {"advance": 61})
    listed = simulator.session.get(f"{simulator.base}{PHONE}/codes", timeout=30).json()["codes"]
    assert [(code["scene"], code["over"]) for code in listed] == [("new", False), ("old", True)]


@pytest.mark.parametrize(
    "pasted", ["{ticket}", " {url} ", "door", "http://mp.example/showqrcode?ticket={ticket}"]
)
def test_a_pasted_text_means_a_code(simulator: Simulator, pasted: str) -> None:
    code = made(simulator, "door")
    assert recognise(simulator, text=pasted.format(**code)) == {"ticket": code["ticket"]}


def test_a_picture_of_the_platform_is_known_again(simulator: Simulator) -> None:
    made(simulator, "other")
    code = made(simulator, "door")
    picture = simulator.raw("/cgi-bin/showqrcode", ticket=code["ticket"])
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert recognise(simulator, picture.content) == {"ticket": code["ticket"]}


def test_a_picture_that_names_its_code_is_known_again(simulator: Simulator) -> None:
    code, drawn = made(simulator, "door"), io.BytesIO()
    segno.make(code["url"]).save(drawn, kind="svg", title=code["url"])
    assert recognise(simulator, drawn.getvalue()) == {"ticket": code["ticket"]}


def test_what_is_no_code_is_refused_in_words(simulator: Simulator) -> None:
    made(simulator, "door")
    assert recognise(simulator, text="nothing") == {"error": "there is no such code"}
    assert recognise(simulator, b"\xff\xd8\xff other") == {
        "error": "no code of this account was found in the picture"
    }


def test_a_code_of_another_account_is_not_recognised(simulator: Simulator) -> None:
    code = made(simulator, "door")
    other = "wx0000000000000001"
    simulator.sim("/accounts", {"appid": other, "name": "别家"})
    address = f"{simulator.base}/phone/{other}/小明/codes"
    answer = simulator.session.post(address, params={"text": code["ticket"]}, timeout=30)
    assert answer.json() == {"error": "there is no such code"}
