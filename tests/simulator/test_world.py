"""Tests of setting up, saving and resetting the simulator's state."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from simulator import saving
from simulator.ports import free_port
from simulator.world import Account, Follower, Media, State
from tests.simulator.conftest import APPID, OPENID, OWNER, Simulator, wait_for


def refused(simulator: Simulator, path: str, body: Any) -> tuple[int, str]:
    answer = simulator.session.post(f"{simulator.base}/_sim{path}", json=body, timeout=30)
    return answer.status_code, answer.json()["error"]


def test_a_new_world_is_empty_and_a_reset_may_keep_the_accounts(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    simulator.sim("/reset", {"keep_accounts": True})
    accounts = simulator.get("/accounts")["accounts"]
    assert [(each["appid"], each["name"], each["followers"]) for each in accounts] == [(APPID, "青橙健身", 0)]
    assert simulator.received() == []
    simulator.sim("/reset")
    assert simulator.get("/accounts") == {"accounts": []}


def test_accounts_are_shown_without_their_secrets(simulator: Simulator) -> None:
    shown = str(simulator.get("/accounts"))
    assert all(OWNER[name] not in shown for name in ("secret", "token", "aes_key"))


def test_an_account_is_changed_field_by_field(simulator: Simulator) -> None:
    simulator.sim("/accounts", {"appid": APPID, "mode": "safe"})
    account = simulator.get("/accounts")["accounts"][0]
    assert (account["mode"], account["name"]) == ("safe", "青橙健身")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/accounts", {"appid": APPID, "mode": "secret"}, 400),
        ("/accounts", {"appid": APPID, "colour": "red"}, 400),
        ("/accounts", {}, 400),
        ("/accounts", [], 400),
        ("/accounts/wxnobody/verify", {}, 404),
        (f"/accounts/{APPID}/events/{OPENID}", {"type": "dance"}, 400),
        (f"/accounts/{APPID}/events/{OPENID}", {"type": "image", "media_id": "unknown"}, 400),
        ("/faults", {"errcode": -1}, 400),
        ("/faults", {"api": "*", "magic": 1}, 400),
        ("/settings", {"magic": 1}, 400),
        ("/clock", {"advance": "soon"}, 400),
    ],
)
def test_a_wrong_wish_is_answered_with_a_sentence(
    simulator: Simulator, path: str, body: Any, status: int
) -> None:
    code, sentence = refused(simulator, path, body)
    assert code == status
    assert len(sentence) > 5


def test_the_clock_can_be_moved_and_put_back(simulator: Simulator) -> None:
    before = simulator.get("/clock")["now"]
    assert simulator.sim("/clock", {"advance": 100})["now"] >= before + 100
    assert simulator.sim("/clock", {"offset": 0})["offset"] == 0


def test_the_ledger_can_be_read_on_from_where_one_was(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi", attempts=1)
    simulator.say("one")
    seen = simulator.get(f"/accounts/{APPID}/ledger")["entries"][-1]["seq"]
    simulator.say("two")
    later = simulator.get(f"/accounts/{APPID}/ledger?openid={OPENID}&after={seen}")["entries"]
    assert [each["content"] for each in later] == [{"content": "two"}]


def test_faults_can_be_listed_and_dropped(simulator: Simulator) -> None:
    first, second = (simulator.sim("/faults", {"api": "*", "errcode": code})["id"] for code in (-1, 45009))
    simulator.sim(f"/faults/{first}", method="DELETE")
    assert [each["id"] for each in simulator.get("/faults")["faults"]] == [second]
    simulator.sim("/faults", method="DELETE")
    assert simulator.get("/faults") == {"faults": []}


def test_the_whole_world_can_be_saved_and_restored(simulator: Simulator) -> None:
    simulator.event(type="image", attempts=1)
    simulator.say("kept")
    kept, received = simulator.get("/state"), simulator.received()
    simulator.sim("/reset")
    simulator.sim("/state", kept, method="PUT")
    assert simulator.get("/state") == kept
    assert simulator.received() == received
    assert simulator.say("the token and the window are kept too") == 0


def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(simulator: Simulator) -> None:
    answer = simulator.session.put(
        f"{simulator.base}/_sim/state", json={"accounts": {"wx1": {"x": 1}}}, timeout=30
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "accounts: Account has no x")
    assert [each["appid"] for each in simulator.get("/accounts")["accounts"]] == [APPID]


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/settings", {"deadline": "soon"}, "deadline: expected number, found str"),
        ("/settings", {"risky_words": "x"}, "risky_words: expected list, found str"),
        ("/faults", {"api": "*", "times": "many"}, "times: expected int, found str"),
        ("/faults", {"api": "*", "drop_answer": 1}, "drop_answer: expected bool, found int"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(
    simulator: Simulator, path: str, body: dict[str, Any], message: str
) -> None:
    assert refused(simulator, path, body) == (400, message)
    assert simulator.get("/settings")["deadline"] == 60
    assert simulator.get("/faults")["faults"] == []


def test_dumped_objects_come_back_as_they_were(tmp_path: Path) -> None:
    account = Account("wx1", followers={"o1": Follower("o1", tags=[1])})
    account.media["m"] = Media("m", "image", "a.png", "image/png", b"\x00\xff", 1)
    saving.write(tmp_path / "state.json", State(accounts={"wx1": account}))
    assert saving.read(tmp_path / "state.json").accounts["wx1"] == account
    assert saving.read(tmp_path / "none.json") == State()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_the_state_file_survives_a_stop_even_with_a_phone_open(tmp_path: Path, number: int) -> None:
    port, path = free_port(), tmp_path / "state.json"
    command = [sys.executable, "-m", "simulator", "--port", str(port), "--state", str(path)]
    base = f"http://127.0.0.1:{port}"
    first = subprocess.Popen(command)
    wait_for(base)
    Simulator(base).sim("/accounts", OWNER)
    phone = requests.get(f"{base}/phone/live?watch={APPID}:{OPENID}", stream=True, timeout=30)
    first.send_signal(number)
    assert first.wait(60) == 0
    phone.close()
    second = subprocess.Popen(command)
    wait_for(base)
    assert [each["appid"] for each in Simulator(base).get("/accounts")["accounts"]] == [APPID]
    second.terminate()
    assert second.wait(60) == 0


def test_a_state_file_that_is_not_ours_stops_the_start_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("[]")
    command = [sys.executable, "-m", "simulator", "--port", str(free_port()), "--state", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("simulator: ")
    assert ended.stderr.count("\n") == 1


def test_a_taken_port_stops_the_start_with_one_line(simulator: Simulator) -> None:
    port = simulator.base.rpartition(":")[2]
    command = [sys.executable, "-m", "simulator", "--port", port]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"simulator: port {port} is taken")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("callback_url", "not a url", "begins with http"),
        ("callback_url", "ftp://127.0.0.1/", "begins with http"),
        ("aes_key", "short", "43 characters"),
        ("aes_key", "!" * 43, "43 characters"),
        ("mode", "open", "plain, compatible, safe"),
        ("mode", "safe", "needs an aes_key"),
        ("verified", "yes", "true or false"),
        ("ip_whitelist", ["somewhere"], "addresses or networks"),
        ("oauth_domains", ["https://shop.example.com/"], "list of hosts"),
        ("colour", "red", "has no colour"),
    ],
)
def test_nonsense_is_refused_in_a_sentence_and_changes_nothing(
    simulator: Simulator, name: str, value: object, message: str
) -> None:
    simulator.sim("/accounts", {"appid": "wx0000000000000000"})
    before = simulator.get("/accounts")
    body = {"appid": "wx0000000000000000", "name": "neu", name: value}
    answer = requests.post(f"{simulator.base}/_sim/accounts", json=body, timeout=30)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert simulator.get("/accounts") == before
