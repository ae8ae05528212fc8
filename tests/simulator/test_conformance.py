"""Tests of the table of compatibility: its content, and that its page lists all tested flows."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from simulator import tls
from simulator.conformance import proxy, table
from simulator.ports import free_port
from tests.simulator.test_reachable import started

FOUND = {"one": {"menus": "", "orders": "404 nothing"}, "two": {"menus": ""}, "shop": {"bills": ""}}
ROOT = Path(table.__file__).parents[2]


def test_a_table_says_what_passed_and_why_the_rest_did_not() -> None:
    text = table.written(FOUND, {"one": "1.2"}, {"shop"})
    assert "| | one 1.2 | two |" in text
    assert "| orders | no | – |" in text
    assert "| **passed** | 1/2 | 1/1 |" in text
    assert "- one, orders: 404 nothing" in text
    assert "| bills | yes |" in text


def test_the_page_keeps_what_stands_around_the_table(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{table.BEGIN}\nold\n{table.END}\nafter\n")
    table.keep(page, "new")
    table.keep(page, "newer")
    assert page.read_text() == f"before\n{table.BEGIN}\n\nnewer\n\n{table.END}\nafter\n"


def test_the_page_lists_every_flow_that_is_driven() -> None:
    page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    drivers = (ROOT / "simulator" / "conformance" / "clients").glob("*_*")
    flows = {name for each in drivers for name in re.findall(r'flow\("([^"]+)"', each.read_text())}
    assert len(flows) > 30
    assert not [name for name in flows if f"| {name} |" not in page]


def test_the_proxy_leads_any_host_to_the_simulator(tmp_path: Path) -> None:
    port = free_port()
    with started("--tls", str(tmp_path), "--tls-port", str(port)), proxy.running(port) as leading:
        answer = requests.get(
            "https://api.weixin.qq.com/_sim/health",
            proxies={"https": f"http://127.0.0.1:{leading.port}"},
            verify=str(tls.authority(tmp_path).path),
            timeout=30,
        )
        assert answer.json() == {"ok": True}
