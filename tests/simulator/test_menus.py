"""The platform's menus: limits, errors, who sees which, and the copy a client keeps (WeChat reference 5)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import APPID, OPENID, AccountServer, Simulator

CREATE, GET, DELETE = "/cgi-bin/menu/create", "/cgi-bin/menu/get", "/cgi-bin/menu/delete"
ADD, REMOVE, TRY = "/cgi-bin/menu/addconditional", "/cgi-bin/menu/delconditional", "/cgi-bin/menu/trymatch"
CURRENT = "/cgi-bin/get_current_selfmenu_info"
CLICK = {"type": "click", "name": "今日课程", "key": "MENU_TODAY"}
VIEW = {"type": "view", "name": "会员卡", "url": "https://h5.example.com/member/card"}
IOS = {"client_platform_type": "1"}


def under(*children: dict[str, Any]) -> dict[str, Any]:
    return {"button": [{"name": "会员", "sub_button": list(children)}]}


def tag(simulator: Simulator, *tags: int, openid: str = OPENID) -> None:
    state = simulator.get("/state")
    state["accounts"][APPID]["followers"][openid]["tags"] = list(tags)
    simulator.sim("/state", state, method="PUT")


def follower(simulator: Simulator, openid: str = OPENID) -> None:
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [openid]})


def tried(simulator: Simulator, openid: str = OPENID) -> Any:
    return simulator.call(TRY, {"user_id": openid}).get("button")


def test_a_menu_is_returned_as_it_was_made(simulator: Simulator) -> None:
    assert simulator.code(GET) == 46003
    assert simulator.code(CREATE, {"button": [CLICK, *under(VIEW)["button"]]}) == 0
    menu = simulator.call(GET)["menu"]
    assert menu["button"] == [
        {**CLICK, "sub_button": []},
        {"name": "会员", "sub_button": [{**VIEW, "sub_button": []}]},
    ]
    assert isinstance(menu["menuid"], int)
    answer = simulator.call(CURRENT)
    assert answer["is_menu_open"] == 1
    assert answer["selfmenu_info"]["button"] == [CLICK, {"name": "会员", "sub_button": {"list": [VIEW]}}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 40016),
        ({"button": []}, 40016),
        ({"button": [CLICK] * 4}, 40016),
        ({"button": [{**CLICK, "type": "dance"}]}, 40017),
        ({"button": [{**CLICK, "name": ""}]}, 40018),
        ({"button": [{**CLICK, "name": "一二三四五六"}]}, 40018),
        ({"button": [{**CLICK, "name": "一二三四五a"}]}, 0),
        ({"button": [{**CLICK, "key": "k" * 129}]}, 40019),
        ({"button": [{**CLICK, "key": "k" * 128}]}, 0),
        ({"button": [{"type": "click", "name": "无"}]}, 40019),
        ({"button": [{**VIEW, "url": "https://a.cn/" + "p" * 1012}]}, 40020),
        ({"button": [{**VIEW, "url": "https://a.cn/" + "p" * 1011}]}, 0),
        ({"button": [{**VIEW, "url": "ftp://a.cn/"}]}, 40055),
        (under({"name": "深", "sub_button": [CLICK]}), 40022),
        (under(*[CLICK] * 6), 40023),
        (under(), 40023),
        ({"button": [{"name": "空"}]}, 41007),
        (under({**CLICK, "type": "dance"}), 40024),
        (under({**CLICK, "name": "长" * 21}), 40025),
        (under({**CLICK, "name": "长" * 20}), 0),
        (under({**CLICK, "key": ""}), 40026),
        (under({**VIEW, "url": ""}), 40027),
        (under({**VIEW, "url": "javascript:alert(1)"}), 40054),
        ({"button": [{**CLICK, "sub_button": [VIEW]}]}, 40119),
        ({"button": [{"type": "media_id", "name": "图"}]}, 40117),
        (under({"type": "media_id", "name": "图", "media_id": ""}), 40118),
        ({"button": [{"type": "media_id", "name": "图", "media_id": "nobody"}]}, 40007),
        ({"button": [{"type": "article_id", "name": "文"}]}, 40007),
        ({"button": [{"type": "article_id", "name": "文", "article_id": "A1"}]}, 0),
    ],
)
def test_a_button_beyond_the_limits_is_refused_with_its_own_error(
    simulator: Simulator, body: Any, code: int
) -> None:
    assert simulator.code(CREATE, body) == code


def test_escapes_are_refused(simulator: Simulator) -> None:
    raw = b'{"button":[{"type":"click","name":"\\u4eca","key":"a"}]}'
    assert simulator.code(CREATE, raw) == 40033


def test_a_mini_program_must_be_linked(simulator: Simulator) -> None:
    button = {**VIEW, "type": "miniprogram", "appid": "wx3c5e7a9b1d2f4068", "pagepath": "pages/book/index"}
    assert simulator.code(CREATE, {"button": [button]}) == 45064
    simulator.sim("/accounts", {"appid": APPID, "miniprograms": ["wx3c5e7a9b1d2f4068"]})
    assert simulator.code(CREATE, {"button": [button]}) == 0
    assert simulator.code(CREATE, {"button": [{**button, "appid": "WX3C5E7A9B1D2F4068"}]}) == 40013


def test_who_is_not_verified_has_no_menus_but_may_ask_for_the_current_one(simulator: Simulator) -> None:
    simulator.sim("/accounts", {"appid": APPID, "verified": False})
    assert simulator.code(CREATE, {"button": [CLICK]}) == 48001
    assert simulator.call(CURRENT) == {"is_menu_open": 0}


def test_a_menu_of_the_platforms_own_page_is_only_returned_by_the_current_one(simulator: Simulator) -> None:
    made = {"button": [{"type": "text", "name": "问候", "value": "您好"}]}
    simulator.sim(f"/accounts/{APPID}/menu-page", made)
    assert simulator.code(GET) == 46003
    assert simulator.call(CURRENT) == {"is_menu_open": 1, "selfmenu_info": made}


def test_a_conditional_menu_needs_a_default_one_and_a_rule(simulator: Simulator) -> None:
    assert simulator.code(ADD, {"button": [CLICK], "matchrule": IOS}) == 65303
    simulator.call(CREATE, {"button": [CLICK]})
    assert simulator.code(ADD, {"button": [CLICK], "matchrule": {}}) == 65304
    assert simulator.code(ADD, {"button": [CLICK], "matchrule": {"sex": "1"}}) == 65320
    assert simulator.code(ADD, {"button": [], "matchrule": IOS}) == 65307
    assert simulator.code(ADD, {"button": [{"name": "空"}], "matchrule": IOS}) == 65308
    assert simulator.code(ADD, {"button": [{**VIEW, "url": "mailto:a"}], "matchrule": IOS}) == 65317
    added = simulator.call(ADD, {"button": [CLICK], "matchrule": IOS})
    assert added["menuid"].isdecimal()
    listed = simulator.call(GET)["conditionalmenu"]
    assert [each["matchrule"] for each in listed] == [IOS]
    assert simulator.code(REMOVE, {"menuid": "1"}) == 65301
    assert simulator.code(REMOVE, {"menuid": added["menuid"]}) == 0
    assert "conditionalmenu" not in simulator.call(GET)


def test_conditional_menus_lead_to_three_domains_and_are_ten_at_most(simulator: Simulator) -> None:
    simulator.call(CREATE, {"button": [CLICK]})
    for number in range(3):
        body = {"button": [{**VIEW, "url": f"https://h{number}.cn/"}], "matchrule": IOS}
        assert simulator.code(ADD, body) == 0
    assert simulator.code(ADD, {"button": [{**VIEW, "url": "https://h4.cn/"}], "matchrule": IOS}) == 65316
    for _ in range(7):
        assert simulator.code(ADD, {"button": [CLICK], "matchrule": IOS}) == 0
    assert simulator.code(ADD, {"button": [CLICK], "matchrule": IOS}) == 65305


def test_deleting_the_menu_deletes_the_conditional_ones(simulator: Simulator) -> None:
    simulator.call(CREATE, {"button": [CLICK]})
    simulator.call(ADD, {"button": [VIEW], "matchrule": IOS})
    assert simulator.code(DELETE) == 0
    simulator.call(CREATE, {"button": [CLICK]})
    assert "conditionalmenu" not in simulator.call(GET)


def test_the_newest_fitting_menu_wins_and_the_tag_given_last_counts(simulator: Simulator) -> None:
    follower(simulator)
    assert simulator.code(TRY, {"user_id": OPENID}) == 46003
    simulator.call(CREATE, {"button": [{**CLICK, "name": "默认"}]})
    simulator.call(ADD, {"button": [{**CLICK, "name": "会员"}], "matchrule": {"tag_id": "101"}})
    assert tried(simulator)[0]["name"] == "默认"
    tag(simulator, 102, 101)
    assert tried(simulator)[0]["name"] == "会员"
    tag(simulator, 101, 102)
    assert tried(simulator)[0]["name"] == "默认"
    simulator.call(ADD, {"button": [{**CLICK, "name": "苹果"}], "matchrule": IOS})
    tag(simulator, 101)
    assert tried(simulator)[0]["name"] == "苹果"


def test_nobody_is_matched_who_does_not_follow(simulator: Simulator) -> None:
    simulator.call(CREATE, {"button": [CLICK]})
    assert simulator.code(TRY, {"user_id": OPENID}) == 65302
    follower(simulator)
    simulator.event(type="unfollow")
    assert simulator.code(TRY, {"user_id": OPENID}) == 65302


def phone(simulator: Simulator, path: str = "menu", body: Any = None) -> Any:
    url = f"{simulator.base}/phone/{APPID}/mei/{path}"
    answer = simulator.session.get(url) if body is None else simulator.session.post(url, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def shown(simulator: Simulator) -> list[str]:
    return [each["name"] for each in phone(simulator)["button"]]


def test_a_client_keeps_its_copy_until_it_is_old_or_the_person_follows_again(
    simulator: Simulator, server: AccountServer
) -> None:
    simulator.sim("/settings", {"menu_copy_seconds": 300})
    simulator.call(CREATE, {"button": [{**CLICK, "name": "旧"}]})
    assert shown(simulator) == []
    phone(simulator, "do", {"type": "follow"})
    assert shown(simulator) == ["旧"]
    simulator.call(CREATE, {"button": [{**CLICK, "name": "新"}]})
    assert shown(simulator) == ["旧"]
    simulator.sim("/clock", {"advance": 301})
    assert shown(simulator) == ["新"]
    simulator.call(CREATE, {"button": [{**CLICK, "name": "更新"}]})
    phone(simulator, "do", {"type": "unfollow"})
    phone(simulator, "do", {"type": "follow"})
    assert shown(simulator) == ["更新"]


def test_another_device_may_be_shown_another_menu(simulator: Simulator, server: AccountServer) -> None:
    simulator.call(CREATE, {"button": [{**CLICK, "name": "默认"}]})
    simulator.call(ADD, {"button": [{**CLICK, "name": "安卓"}], "matchrule": {"client_platform_type": "2"}})
    phone(simulator, "do", {"type": "follow"})
    assert shown(simulator) == ["默认"]
    assert phone(simulator, "menu/platform", {"platform": 2})["button"][0]["name"] == "安卓"
    assert shown(simulator) == ["安卓"]


@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        ({"type": "click", "key": "MENU_TODAY"}, "<Event><![CDATA[CLICK]]></Event>"),
        ({"type": "view", "url": "https://a.cn/", "menuid": 7}, "<MenuId>7</MenuId>"),
        ({"type": "view_miniprogram", "pagepath": "pages/a"}, "<EventKey><![CDATA[pages/a]]></EventKey>"),
        (
            {"type": "scancode_push", "key": "K", "result": "8Q2Z"},
            "<ScanResult><![CDATA[8Q2Z]]></ScanResult>",
        ),
        ({"type": "scancode_waitmsg", "key": "K"}, "<ScanType><![CDATA[qrcode]]></ScanType>"),
        ({"type": "pic_sysphoto", "key": "K"}, "<Count>1</Count>"),
        ({"type": "pic_photo_or_album", "key": "K", "count": 2}, "<Count>2</Count>"),
        ({"type": "pic_weixin", "key": "K"}, "<PicMd5Sum>"),
        ({"type": "location_select", "key": "K", "label": "门店"}, "<Label><![CDATA[门店]]></Label>"),
    ],
)
def test_each_type_of_button_pushes_its_event(
    simulator: Simulator, server: AccountServer, deed: dict[str, Any], expected: str
) -> None:
    follower(simulator)
    simulator.event(**deed)
    assert expected in server.opened()


def test_a_file_button_gives_the_file_without_an_event(simulator: Simulator, server: AccountServer) -> None:
    phone(simulator, "do", {"type": "follow"})
    button = {"type": "text", "name": "问候", "value": "您好"}
    assert phone(simulator, "menu/give", button)["content"] == {"content": "您好"}
    assert not any("CLICK" in server.opened(number) for number in range(len(server.pushed)))
