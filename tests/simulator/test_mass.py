"""Mass sends at the platform (WeChat reference 11)."""

from typing import Any

from tests.simulator.conftest import APPID, AccountServer, Simulator

ALL, SEND = "/cgi-bin/message/mass/sendall", "/cgi-bin/message/mass/send"
TEXT: dict[str, Any] = {"msgtype": "text", "text": {"content": "到店有礼"}}
EVERYBODY: dict[str, Any] = {"filter": {"is_to_all": True}, **TEXT}


def people(simulator: Simulator, count: int) -> list[str]:
    found: list[str] = simulator.sim(f"/accounts/{APPID}/followers", {"count": count})["openids"]
    return found


def code(simulator: Simulator, api: str, body: dict[str, Any]) -> int:
    return int(simulator.call(api, body)["errcode"])


def test_a_repeated_clientmsgid_gets_the_first_ones_number(simulator: Simulator) -> None:
    people(simulator, 2)
    body = {**EVERYBODY, "clientmsgid": "camp-1"}
    first = simulator.call(ALL, body)
    assert code(simulator, ALL, body) == 45066
    simulator.sim("/clock", {"advance": 61})
    again = simulator.call(ALL, body)
    assert (again["errcode"], again["msg_id"]) == (45065, first["msg_id"])
    assert code(simulator, ALL, {**EVERYBODY, "clientmsgid": "c" * 33}) == 45067


def test_openids_are_two_to_ten_thousand(simulator: Simulator) -> None:
    openids = people(simulator, 2)
    assert code(simulator, SEND, {"touser": openids[:1], **TEXT}) == 40130
    assert code(simulator, SEND, {"touser": openids * 5001, **TEXT}) == 40032
    assert code(simulator, SEND, {"touser": openids, **TEXT}) == 0


def test_what_is_wrong_is_refused_with_its_code(simulator: Simulator) -> None:
    unknown_tag = {"filter": {"is_to_all": False, "tag_id": 999}, **TEXT}
    assert code(simulator, ALL, unknown_tag) == 40152
    assert code(simulator, ALL, {**EVERYBODY, "msgtype": "wxcard"}) == 45113
    assert code(simulator, ALL, {**EVERYBODY, "msgtype": "music"}) == 40008
    no_images = {**EVERYBODY, "msgtype": "image", "images": {"media_ids": []}}
    assert code(simulator, ALL, no_images) == 40215
    assert code(simulator, "/cgi-bin/message/mass/get", {"msg_id": "1"}) == 40059
    assert code(simulator, "/cgi-bin/message/mass/delete", {"msg_id": 1}) == 40059


def test_sixty_calls_a_minute(simulator: Simulator) -> None:
    codes = [code(simulator, SEND, {"touser": [], **TEXT}) for _each in range(61)]
    assert codes == [40130] * 60 + [45011]


def test_a_subscription_account_sends_once_a_day(simulator: Simulator) -> None:
    simulator.sim("/accounts", {"appid": APPID, "kind": "subscription"})
    assert code(simulator, ALL, EVERYBODY) == 0
    assert code(simulator, ALL, EVERYBODY) == 45028


def test_who_left_before_it_is_delivered_gets_nothing(simulator: Simulator, server: AccountServer) -> None:
    stays, leaves = people(simulator, 2)
    simulator.sim(f"/accounts/{APPID}/mass", {"confirms": True})
    assert code(simulator, ALL, EVERYBODY) == 89505
    simulator.event(leaves, type="unfollow")
    simulator.sim(f"/accounts/{APPID}/mass", {"answer": True})
    server.await_pushes(2)
    report = server.opened().replace("\n", "")
    assert "<TotalCount>2</TotalCount><FilterCount>1</FilterCount><SentCount>1</SentCount>" in report
    assert [via for via, _, _ in simulator.received(stays)] == ["mass"]
    assert simulator.received(leaves) == []


def test_a_hundred_previews_a_day_go_to_wechat_ids(simulator: Simulator) -> None:
    (openid,) = people(simulator, 1)
    preview = "/cgi-bin/message/mass/preview"
    codes = [code(simulator, preview, {"towxname": "colleague", **TEXT}) for _each in range(101)]
    assert codes == [0] * 100 + [45009]
    assert code(simulator, preview, {"touser": openid, **TEXT}) == 0
    simulator.sim("/clock", {"advance": 86_400})
    simulator.get_token()
    assert code(simulator, preview, {"towxname": "colleague", **TEXT}) == 0


def test_who_left_gets_no_preview(simulator: Simulator) -> None:
    (openid,) = people(simulator, 1)
    simulator.event(openid, type="unfollow")
    assert code(simulator, "/cgi-bin/message/mass/preview", {"touser": openid, **TEXT}) == 43004
    assert simulator.received(openid) == []


def test_the_speed_is_a_number_from_0_to_4(simulator: Simulator) -> None:
    assert code(simulator, "/cgi-bin/message/mass/speed/set", {"speed": 4}) == 0
    assert simulator.call("/cgi-bin/message/mass/speed/get", {}) == {"speed": 4, "realspeed": 10}
    assert code(simulator, "/cgi-bin/message/mass/speed/set", {"speed": 5}) == 45083
    assert code(simulator, "/cgi-bin/message/mass/speed/set", {"other": 5}) == 45084
