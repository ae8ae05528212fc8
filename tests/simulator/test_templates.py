"""Template messages, subscription notices and their templates (WeChat reference 9, 10)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.conftest import APPID, OPENID, AccountServer, Simulator

SEND = "/cgi-bin/message/template/send"
BIZSEND = "/cgi-bin/message/subscribe/bizsend"
TEMPLATE = {
    "template_id": "Vq0demo",
    "kind": "template",
    "title": "预约",
    "content": "门店:{{thing4.DATA}}\n",
}
NOTICE = {**TEMPLATE, "template_id": "Wq0demo", "kind": "notice"}


@pytest.fixture(autouse=True)
def _templates(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/templates", {"templates": [TEMPLATE, NOTICE]})
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID]})


def message(**given: Any) -> dict[str, Any]:
    body = {"touser": OPENID, "template_id": "Vq0demo", "data": {"thing4": {"value": "天河店"}}}
    return {**body, **given}


def agrees(simulator: Simulator, status: str = "accept") -> None:
    simulator.event(type="agree", choices={"Wq0demo": status})


def test_a_template_message_is_reported_as_delivered(simulator: Simulator, server: AccountServer) -> None:
    sent = simulator.call(SEND, message())
    assert simulator.received()[-1][:2] == ("template", "template")
    while not server.pushed:
        simulator.get("/health")
    assert "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>" in server.opened()
    assert f"<MsgID>{sent['msgid']}</MsgID>" in server.opened()


def test_the_same_client_msg_id_sends_one_template_message(simulator: Simulator) -> None:
    sent = [simulator.call(SEND, message(client_msg_id="bk-1")) for _ in range(2)]
    assert sent[0]["msgid"] == sent[1]["msgid"]
    assert len(simulator.received()) == 1
    simulator.sim("/clock", {"advance": 601})
    simulator.call(SEND, message(client_msg_id="bk-1"))
    assert len(simulator.received()) == 2


def test_who_left_gets_no_template_message(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID], "subscribed": False})
    assert simulator.code(SEND, message()) == 43004


@pytest.mark.parametrize("value", ["", "一" * 21, "两\n行"])
def test_a_value_that_breaks_its_rule_is_named(simulator: Simulator, value: str) -> None:
    refused = simulator.call(SEND, message(data={"thing4": {"value": value}}))
    assert refused["errmsg"].startswith("argument invalid! data.thing4.value invalid rid: ")


def test_a_template_the_account_does_not_have_sends_nothing(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/templates", {"forget": "Vq0demo"})
    assert simulator.code(SEND, message()) == 40037
    assert simulator.received() == []


def test_what_is_intercepted_can_be_read_afterwards(simulator: Simulator) -> None:
    simulator.sim(f"/accounts/{APPID}/templates", {"templates": [{**TEMPLATE, "banned": True}]})
    simulator.call(SEND, message())
    assert simulator.received() == []
    asked = {"tmpl_msg_id": "Vq0demo", "largest_id": 0, "limit": 100}
    (held,) = simulator.call("/wxa/sec/queryblocktmplmsg", asked)["msginfo"]
    assert (held["openid"], held["content"]) == (OPENID, "thing4:天河店")


def test_templates_are_added_read_and_deleted(simulator: Simulator) -> None:
    body = {"template_id_short": "47123", "keyword_name_list": ["门店名称", "预约时间"]}
    added = simulator.call("/cgi-bin/template/api_add_template", body)["template_id"]
    listed = simulator.call("/cgi-bin/template/get_all_private_template")["template_list"]
    (found,) = [each for each in listed if each["template_id"] == added]
    assert found["content"] == "门店名称:{{thing1.DATA}}\n预约时间:{{time2.DATA}}\n"
    assert simulator.call("/cgi-bin/template/del_private_template", {"template_id": added})["errcode"] == 0
    assert simulator.code("/cgi-bin/template/del_private_template", {"template_id": added}) == 40037


@pytest.mark.parametrize(
    ("short_id", "keywords", "code"),
    [
        ("OPENTM207", ["门店名称"], 40247),
        ("9", ["门店名称"], 40036),
        ("47123", [], 40246),
        ("47123", ["?"], 40246),
    ],
)
def test_what_cannot_be_added_is_refused(
    simulator: Simulator, short_id: str, keywords: list[str], code: int
) -> None:
    body = {"template_id_short": short_id, "keyword_name_list": keywords}
    assert simulator.code("/cgi-bin/template/api_add_template", body) == code


def test_each_agreement_allows_one_notice(simulator: Simulator) -> None:
    assert simulator.code(BIZSEND, message(template_id="Wq0demo")) == 43101
    agrees(simulator)
    agrees(simulator, "reject")
    assert simulator.code(BIZSEND, message(template_id="Wq0demo")) == 0
    assert simulator.code(BIZSEND, message(template_id="Wq0demo")) == 43101
    assert [entry[:2] for entry in simulator.received()] == [("notice", "template")]


def test_who_switches_a_notice_off_gets_none(simulator: Simulator) -> None:
    agrees(simulator)
    simulator.event(type="refuse", template_id="Wq0demo")
    assert simulator.code(BIZSEND, message(template_id="Wq0demo")) == 43101


def test_a_notice_that_was_sent_is_reported(simulator: Simulator, server: AccountServer) -> None:
    agrees(simulator)
    sent = simulator.call(BIZSEND, message(template_id="Wq0demo"))
    while len(server.pushed) < 2:
        simulator.get("/health")
    assert f"<MsgID>{sent['msgid']}</MsgID><ErrorCode>0</ErrorCode>" in server.opened()


def test_notices_come_from_the_library(simulator: Simulator) -> None:
    (category, *_) = simulator.call("/wxaapi/newtmpl/getcategory")["data"]
    page = {"ids": str(category["id"]), "start": "0", "limit": "30"}
    entry = simulator.call("/wxaapi/newtmpl/getpubtemplatetitles", **page)["data"][0]
    offered = simulator.call("/wxaapi/newtmpl/getpubtemplatekeywords", tid=str(entry["tid"]))["data"]
    body = {"tid": str(entry["tid"]), "kidList": [offered[0]["kid"], offered[3]["kid"]], "sceneDesc": "预约"}
    added = simulator.call("/wxaapi/newtmpl/addtemplate", body)["priTmplId"]
    (found,) = [
        each for each in simulator.call("/wxaapi/newtmpl/gettemplate")["data"] if each["priTmplId"] == added
    ]
    assert found["keywordEnumValueList"] == [{"keywordCode": "enum2.DATA", "enumValueList": ["室内", "室外"]}]
    assert simulator.call("/wxaapi/newtmpl/deltemplate", {"priTmplId": added})["errcode"] == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"tid": "9", "kidList": [1, 2]}, 200014),
        ({"tid": "1024", "kidList": [1]}, 200020),
        ({"tid": "1024", "kidList": [1, 9]}, 200020),
        ({"tid": "1024", "kidList": [1, 2], "sceneDesc": "一" * 16}, 200021),
    ],
)
def test_a_notice_that_cannot_be_added_is_refused(
    simulator: Simulator, body: dict[str, Any], code: int
) -> None:
    assert simulator.code("/wxaapi/newtmpl/addtemplate", body) == code


def test_the_old_one_time_subscription_allows_one_message(simulator: Simulator) -> None:
    body = message(scene="1000", title="预约提醒", data={"content": {"value": "明天 10:00"}})
    assert simulator.code("/cgi-bin/message/template/subscribe", body) == 43101
    simulator.sim(f"/accounts/{APPID}/once", {"openid": OPENID, "template_id": "Vq0demo"})
    assert simulator.code("/cgi-bin/message/template/subscribe", {**body, "title": "一" * 16}) == 40062
    assert simulator.code("/cgi-bin/message/template/subscribe", body) == 0
    assert simulator.code("/cgi-bin/message/template/subscribe", body) == 43101
