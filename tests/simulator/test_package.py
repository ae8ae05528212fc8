"""The simulator as a package of its own: the pytest fixture, the documented control API."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import requests

from simulator import control_api
from tests.simulator.conftest import Simulator

FOLDER = Path(control_api.__file__).parent
TESTS = """
ANNA = "oQc7a6KfXn2tR9vLw0Yp3dUbHs1M"

def prepared(wechat_simulator):
    return wechat_simulator.add_account("wx7d4e1f90ab23c586", secret="s")

def send(wechat_simulator, text):
    import requests
    base = wechat_simulator.base
    query = {"grant_type": "client_credential", "appid": "wx7d4e1f90ab23c586", "secret": "s"}
    token = requests.get(f"{base}/cgi-bin/token", params=query).json()["access_token"]
    body = {"touser": ANNA, "msgtype": "text", "text": {"content": text}}
    url = f"{base}/cgi-bin/message/custom/send"
    return requests.post(url, params={"access_token": token}, json=body).json()["errcode"]

def test_what_was_sent_is_in_the_ledger(wechat_simulator):
    account = prepared(wechat_simulator)
    account.act(ANNA, "text", content="hi", attempts=1)
    assert send(wechat_simulator, "hello") == 0
    assert account.texts(ANNA)[-1] == "hello"
    wechat_simulator.fail("/cgi-bin/message/custom/send", errcode=-1, times=1)
    assert [send(wechat_simulator, "again") for _ in range(2)] == [-1, 0]
    wechat_simulator.pass_time(49 * 3600)
    assert send(wechat_simulator, "late") == 45015

def test_every_test_begins_with_a_new_platform(wechat_simulator):
    assert wechat_simulator.control("GET", "/accounts") == {"accounts": []}
    account = prepared(wechat_simulator)
    account.assert_received(ANNA)

def test_a_platform_is_authorised(wechat_simulator):
    account = prepared(wechat_simulator)
    platform = wechat_simulator.add_component("wxc0ffee0123456789", aes_key="A" * 43, pushes_tickets=False)
    assert platform.push_ticket()["verdict"] == "no event_url"
    assert platform.authorize(account, permissions=[2]).startswith("queryauthcode")
    platform.cancel(account)
    kinds = [each["fields"]["InfoType"] for each in platform.deliveries()]
    assert kinds[1:] == ["authorized", "unauthorized"]

def test_a_wrong_expectation_fails(wechat_simulator):
    prepared(wechat_simulator).assert_received(ANNA, "never sent")
"""


def test_the_fixture_gives_each_test_a_platform_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "test_bot.py").write_text(TESTS)
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "simulator.pytest_plugin", "-p", "no:cacheprovider",
        "--rootdir", str(tmp_path), str(tmp_path),
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=FOLDER.parent, capture_output=True, text=True, timeout=120, check=False
    )
    assert "1 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    assert "never sent" in done.stdout


def test_every_route_of_the_control_api_is_documented(simulator: Simulator) -> None:
    document = simulator.get("/openapi.json")
    documented = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    for method, path, _ in control_api.TABLE:
        assert (method, f"/_sim{path.replace(':int', '')}") in documented
    assert ("POST", "/_sim/pay") in documented
    assert ("POST", "/_sim/payment-codes") in documented
    assert ("POST", "/_sim/red-packets/{send_listid}/open") in documented
    for methods in document["paths"].values():
        assert all(each["summary"] for each in methods.values())
    fault = document["paths"]["/_sim/faults"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert fault["properties"]["errcode"] == {"type": "integer"}


@pytest.mark.parametrize("path", ["/_sim", "/_sim/", "/_sim/docs"])
def test_the_documentation_is_a_page(simulator: Simulator, path: str) -> None:
    answer = requests.get(simulator.base + path, timeout=30)
    assert answer.url == f"{simulator.base}/_sim/docs"
    assert "/_sim/accounts/{appid}/events/{openid}" in answer.text


def test_the_package_needs_what_it_imports_and_no_django() -> None:
    document = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    names = {each.partition(">")[0] for each in document["dependencies"]}
    packages = {
        "anyio": "anyio", "Crypto": "pycryptodome", "lxml": "lxml", "PIL": "pillow", "requests": "requests",
        "segno": "segno", "starlette": "starlette", "uvicorn": "uvicorn",
    }  # fmt: skip
    imported = set()
    for file in (each for each in FOLDER.rglob("*.py") if "conformance" not in each.parts):
        for line in file.read_text().splitlines():
            words = line.split()
            if words[:1] in (["import"], ["from"]) and not line.startswith(" "):
                imported.add(words[1].partition(".")[0])
    outside = imported - set(sys.stdlib_module_names) - {"simulator", "pytest", "__future__"}
    assert {packages[each] for each in outside} <= names
