"""The platform's lists of calls and of error codes, against what the simulator plays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simulator.error_texts import TEXTS
from tests.simulator.conftest import Simulator

FOLDER = Path(__file__).parents[1] / "data/wechat"


def items(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / name).read_text())["items"]
    return found


@pytest.mark.parametrize(
    "entry", items("api_index.json"), ids=lambda entry: f"{entry['method']} {entry['path']}"
)
def test_each_call_of_the_platforms_list_is_played(simulator: Simulator, entry: dict[str, str]) -> None:
    answer = simulator.session.request(entry["method"], simulator.base + entry["path"], timeout=30)
    if entry["path"] == "/cgi-bin/showqrcode":
        assert answer.status_code == 404  # a picture, and no ticket was named
    elif entry["host"] == "api.weixin.qq.com":
        assert answer.json()["errcode"] not in (40066, 43001, 43002), answer.text
    else:
        assert "微信" in answer.text


def test_each_daily_limit_is_the_platforms(simulator: Simulator) -> None:
    limited = [each for each in items("api_index.json") if each["daily_limit"]]
    assert len(limited) > 20
    for each in limited:
        answer = simulator.call("/cgi-bin/openapi/quota/get", {"cgi_path": each["path"]})
        assert answer["quota"]["daily_limit"] == each["daily_limit"], each["path"]


@pytest.mark.parametrize("item", items("error_codes.json"), ids=lambda item: str(item["code"]))
def test_each_error_has_the_platforms_text(item: dict[str, Any]) -> None:
    if item["code"] and not item["errmsg_is_paraphrase"]:
        text = item["errmsg"].replace("{client_ip}", "{0}").replace("{field}", "{0}")
        assert TEXTS[item["code"]] == text


def test_an_injected_fault_has_the_platforms_text(simulator: Simulator) -> None:
    simulator.sim("/faults", {"api": "/cgi-bin/tags/get", "errcode": 48004, "times": 1})
    assert "api forbidden for irregularities" in simulator.call("/cgi-bin/tags/get")["errmsg"]
