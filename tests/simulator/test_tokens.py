"""Access tokens of both families (WeChat reference 4.1, 4.2, 17)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import APPID, OWNER, Simulator

ADDRESSES = "/cgi-bin/getcallbackip"
OWNED = {"grant_type": "client_credential", "appid": APPID, "secret": OWNER["secret"]}


def stable(simulator: Simulator, **given: Any) -> Any:
    return simulator.raw("/cgi-bin/stable_token", {**OWNED, **given}).json()


def use(simulator: Simulator, token: str) -> int:
    return simulator.code(ADDRESSES, token=token)


def test_a_classic_token_is_new_each_time_and_the_one_before_works_five_more_minutes(
    simulator: Simulator,
) -> None:
    first, second = simulator.get_token(), simulator.get_token()
    assert first != second
    assert (use(simulator, first), use(simulator, second)) == (0, 0)
    simulator.sim("/clock", {"advance": 301})
    assert (use(simulator, first), use(simulator, second)) == (40001, 0)


def test_a_stable_token_stays_the_same_while_five_minutes_are_left(simulator: Simulator) -> None:
    first = stable(simulator)
    simulator.sim("/clock", {"advance": 6000})
    later = stable(simulator)
    assert later["access_token"] == first["access_token"]
    assert 1190 <= later["expires_in"] <= 1200


def test_in_the_last_five_minutes_a_second_stable_token_works_beside_the_first(simulator: Simulator) -> None:
    first = stable(simulator)["access_token"]
    simulator.sim("/clock", {"advance": 7000})
    second = stable(simulator)
    assert second["access_token"] != first
    assert second["expires_in"] == 7200
    assert use(simulator, first) == 0


def test_a_forced_refresh_ends_the_earlier_token_at_once(simulator: Simulator) -> None:
    first = stable(simulator)["access_token"]
    second = stable(simulator, force_refresh=True)["access_token"]
    assert (use(simulator, first), use(simulator, second)) == (40001, 0)


def test_a_forced_refresh_within_thirty_seconds_does_nothing(simulator: Simulator) -> None:
    first = stable(simulator, force_refresh=True)
    again = stable(simulator, force_refresh=True)
    assert again["access_token"] == first["access_token"]


def test_a_forced_refresh_works_twenty_times_a_day(simulator: Simulator) -> None:
    simulator.sim("/clock", {"offset": 0})
    answers = []
    for _ in range(21):
        answers.append(stable(simulator, force_refresh=True).get("errcode", 0))
        simulator.sim("/clock", {"advance": 31})
    assert answers.count(45009) <= 1
    simulator.sim("/clock", {"advance": 86_400})
    assert "access_token" in stable(simulator, force_refresh=True)


def test_the_two_families_do_not_touch_each_other(simulator: Simulator) -> None:
    kept = stable(simulator)["access_token"]
    simulator.get_token()
    simulator.get_token()
    simulator.sim("/clock", {"advance": 301})
    assert use(simulator, kept) == 0


def test_missing_unknown_old_and_invalidated_tokens_are_told_apart(simulator: Simulator) -> None:
    token = simulator.get_token()
    assert use(simulator, "") == 41001
    assert use(simulator, "98_never_given") == 40014
    assert use(simulator, "98_" + "a" * 128) == 40001
    simulator.sim("/clock", {"advance": 7201})
    assert use(simulator, token) == 42001
    fresh = simulator.get_token()
    simulator.sim(f"/accounts/{APPID}/tokens/invalidate")
    assert use(simulator, fresh) == 40001


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"grant_type": "other"}, 40002),
        ({"appid": ""}, 41002),
        ({"appid": "wx0000000000000000"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "wrong"}, 40125),
    ],
)
def test_only_the_owner_gets_a_token(simulator: Simulator, changed: dict[str, str], code: int) -> None:
    assert stable(simulator, **changed)["errcode"] == code
    assert simulator.raw("/cgi-bin/token", **{**OWNED, **changed}).json()["errcode"] == code


def test_an_address_off_the_list_is_refused_and_named(simulator: Simulator) -> None:
    simulator.sim("/accounts", {"appid": APPID, "ip_whitelist": ["203.0.113.5"]})
    refused = stable(simulator)
    assert refused["errcode"] == 40164
    assert refused["errmsg"].startswith("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist rid: ")
    simulator.sim("/accounts", {"appid": APPID, "ip_whitelist": ["203.0.113.5", "127.0.0.0/8"]})
    assert "access_token" in stable(simulator)


def test_a_ticket_stays_the_same_until_it_is_old(simulator: Simulator) -> None:
    first = simulator.call("/cgi-bin/ticket/getticket", type="jsapi")
    assert (first["errcode"], first["expires_in"]) == (0, 7199) or first["expires_in"] == 7200
    assert simulator.call("/cgi-bin/ticket/getticket", type="jsapi")["ticket"] == first["ticket"]
    simulator.sim("/clock", {"advance": 7201})
    simulator.get_token()
    assert simulator.call("/cgi-bin/ticket/getticket", type="jsapi")["ticket"] != first["ticket"]
