"""The platform's list of followers, tags, remarks and blacklist (WeChat reference 6)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import APPID, AccountServer, Simulator

TAGGING = "/cgi-bin/tags/members/batchtagging"


def followers(simulator: Simulator, count: int = 1) -> list[str]:
    return list(simulator.sim(f"/accounts/{APPID}/followers", {"count": count})["openids"])


def tag(simulator: Simulator, name: str = "VIP") -> int:
    return int(simulator.call("/cgi-bin/tags/create", {"tag": {"name": name}})["tag"]["id"])


def test_the_list_goes_on_behind_somebody_who_left(simulator: Simulator) -> None:
    simulator.sim("/settings", {"user_page_size": 2})
    first, second, third = followers(simulator, 3)
    assert simulator.call("/cgi-bin/user/get")["data"]["openid"] == [first, second]
    simulator.event(second, type="unfollow")
    page = simulator.call("/cgi-bin/user/get", next_openid=second)
    assert (page["data"]["openid"], page["total"]) == ([third], 2)
    assert simulator.code("/cgi-bin/user/get", next_openid="oNobody") == 40003


def test_the_list_is_the_same_after_the_world_was_saved_and_restored(simulator: Simulator) -> None:
    first, second = followers(simulator, 2)
    simulator.event(first, type="unfollow")
    simulator.event(first, type="follow")
    simulator.sim("/state", simulator.get("/state"), "PUT")
    page = simulator.call("/cgi-bin/user/get")
    assert (page["data"]["openid"], page["total"]) == ([second, first], 2)


def test_tags_are_made_renamed_given_taken_and_deleted(simulator: Simulator) -> None:
    first, second = followers(simulator, 2)
    number = tag(simulator)
    assert number >= 100
    assert simulator.code("/cgi-bin/tags/update", {"tag": {"id": number, "name": "贵宾"}}) == 0
    assert simulator.code(TAGGING, {"openid_list": [first, second], "tagid": number}) == 0
    answer = simulator.call("/cgi-bin/tags/get")["tags"]
    assert {"id": number, "name": "贵宾", "count": 2} in answer
    assert simulator.call("/cgi-bin/tags/getidlist", {"openid": first})["tagid_list"] == [number]
    page = simulator.call("/cgi-bin/user/tag/get", {"tagid": number, "next_openid": first})
    assert page["data"]["openid"] == [second]
    body = {"openid_list": [first], "tagid": number}
    assert simulator.code("/cgi-bin/tags/members/batchuntagging", body) == 0
    assert simulator.call("/cgi-bin/tags/getidlist", {"openid": first})["tagid_list"] == []
    assert simulator.code("/cgi-bin/tags/delete", {"tag": {"id": number}}) == 0
    assert simulator.call("/cgi-bin/tags/getidlist", {"openid": second})["tagid_list"] == []


@pytest.mark.parametrize(("name", "code"), [("x" * 31, 45158), ("", 45157), ("VIP", 45157), ("x" * 30, 0)])
def test_names_of_tags_have_their_rules(simulator: Simulator, name: str, code: int) -> None:
    tag(simulator)
    assert simulator.code("/cgi-bin/tags/create", {"tag": {"name": name}}) == code


def test_an_account_has_a_hundred_tags_and_a_follower_twenty(simulator: Simulator) -> None:
    first, second = followers(simulator, 2)
    numbers = [tag(simulator, f"标签{number}") for number in range(100)]
    assert simulator.code("/cgi-bin/tags/create", {"tag": {"name": "一百零一"}}) == 45056
    for number in numbers[:20]:
        simulator.call(TAGGING, {"openid_list": [first], "tagid": number})
    assert simulator.code(TAGGING, {"openid_list": [first], "tagid": numbers[20]}) == 45059
    answer = simulator.call(TAGGING, {"openid_list": [first, second], "tagid": numbers[20]})
    assert (answer["errcode"], answer["fail_openid_list"]) == (45171, [first])
    assert simulator.call("/cgi-bin/tags/getidlist", {"openid": second})["tagid_list"] == [numbers[20]]


@pytest.mark.parametrize(
    ("api", "body", "code"),
    [
        ("/cgi-bin/tags/update", {"tag": {"id": 2, "name": "x"}}, 45058),
        ("/cgi-bin/tags/delete", {"tag": {"id": 555}}, 45159),
        (TAGGING, {"openid_list": ["oNobody"], "tagid": 555}, 45159),
        (TAGGING, {"openid_list": ["oNobody"], "tagid": 2}, 40003),
        (TAGGING, {"openid_list": [], "tagid": 2}, 40032),
        (TAGGING, {"openid_list": ["o"] * 51, "tagid": 2}, 40032),
        ("/cgi-bin/tags/members/batchblacklist", {"openid_list": ["o"] * 21}, 40032),
        ("/cgi-bin/user/info/updateremark", {"openid": "oNobody", "remark": "x"}, 40003),
    ],
)
def test_what_makes_no_sense_is_refused(
    simulator: Simulator, api: str, body: dict[str, Any], code: int
) -> None:
    assert simulator.code(api, body) == code


def test_only_followers_are_tagged(simulator: Simulator) -> None:
    (gone,) = followers(simulator)
    simulator.event(gone, type="unfollow")
    assert simulator.code(TAGGING, {"openid_list": [gone], "tagid": tag(simulator)}) == 49003
    assert simulator.code("/cgi-bin/user/info/updateremark", {"openid": gone, "remark": "x"}) == 43004


def test_a_remark_has_less_than_thirty_bytes(simulator: Simulator) -> None:
    (openid,) = followers(simulator)
    api = "/cgi-bin/user/info/updateremark"
    assert simulator.code(api, {"openid": openid, "remark": "一二三四五六七八九十"}) == 40092
    assert simulator.code(api, {"openid": openid, "remark": "三店-王女士"}) == 0
    assert simulator.call("/cgi-bin/user/info", openid=openid)["remark"] == "三店-王女士"


def test_the_blacklisted_reach_nobody_and_are_not_written_to(
    simulator: Simulator, server: AccountServer
) -> None:
    (openid,) = followers(simulator)
    assert simulator.code("/cgi-bin/tags/members/batchblacklist", {"openid_list": [openid]}) == 0
    listed = simulator.call("/cgi-bin/tags/members/getblacklist", {"begin_openid": ""})
    assert (listed["total"], listed["data"]["openid"]) == (1, [openid])
    assert simulator.event(openid, content="在吗")["attempts"] == []
    assert simulator.say("你好", openid) == 43019
    simulator.call("/cgi-bin/tags/members/batchunblacklist", {"openid_list": [openid]})
    assert simulator.event(openid, content="在吗")["attempts"]


def test_personas_have_tags_scenes_and_habits_and_the_same_seed_makes_the_same(simulator: Simulator) -> None:
    seeding = {"count": 200, "seed": 7, "tags": ["VIP", "老客户"], "unionids": True}
    assert simulator.sim(f"/accounts/{APPID}/personas", seeding) == {"followers": 200}
    page = simulator.call("/cgi-bin/user/get")["data"]["openid"]
    asked = {"user_list": [{"openid": openid} for openid in page[:100]]}
    answer = simulator.call("/cgi-bin/user/info/batchget", asked)["user_info_list"]
    assert any(each["tagid_list"] for each in answer)
    assert len({each["subscribe_scene"] for each in answer}) > 3
    assert [each["subscribe_time"] for each in answer] == sorted(each["subscribe_time"] for each in answer)
    assert all(each["unionid"] for each in answer)
    simulator.sim("/reset", {"keep_accounts": True})
    simulator.get_token()
    simulator.sim(f"/accounts/{APPID}/personas", seeding)
    assert simulator.call("/cgi-bin/user/get")["data"]["openid"] == page


def test_personas_do_what_they_are_used_to(simulator: Simulator, server: AccountServer) -> None:
    simulator.sim(f"/accounts/{APPID}/personas", {"count": 20})
    deeds = simulator.sim(f"/accounts/{APPID}/personas/act", {"count": 8})
    assert sum(deeds.values()) == 8
