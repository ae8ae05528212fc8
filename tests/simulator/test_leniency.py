"""Tests of requests in the formats of existing clients, which the platform accepts (reference 0.2, 17)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import requests

from simulator import samples
from tests.simulator.conftest import APPID, OPENID, Simulator
from tests.simulator.site import Site
from tests.simulator.test_webview import ask, authorize, opened

WORKER = {"kf_account": "kf2001@demo_oa", "nickname": "小林"}


@pytest.mark.parametrize("api", ["/cgi-bin/media/upload", "/cgi-bin/material/add_material"])
@pytest.mark.parametrize("place", ["query", "form"])
def test_the_type_of_an_upload_is_taken_from_the_query_and_the_form(
    simulator: Simulator, api: str, place: str
) -> None:
    name, _, data = samples.load("image", "")
    given: dict[str, Any] = {"type": "image"} if place == "query" else {"form": {"type": "image"}}
    assert simulator.upload(api, name, data, **given)["media_id"]


def test_the_description_of_a_video_is_taken_from_the_query_too(simulator: Simulator) -> None:
    name, _, data = samples.load("video", "")
    answer = '{"title": "水", "introduction": "湖面"}'
    given = simulator.upload("/cgi-bin/material/add_material", name, data, type="video", description=answer)
    kept = simulator.call("/cgi-bin/material/get_material", {"media_id": given["media_id"]})
    assert (kept["title"], kept["description"]) == ("水", "湖面")


@pytest.mark.parametrize("description", ["", "{", "[" * 20_000, '{"title": 1e999, "introduction": ""}'])
def test_a_video_whose_description_cannot_be_read_is_refused(simulator: Simulator, description: str) -> None:
    name, _, data = samples.load("video", "")
    form = {"type": "video", "description": description}
    assert simulator.upload("/cgi-bin/material/add_material", name, data, form=form)["errcode"] == 47001


@pytest.mark.parametrize("way", ["get", "post", "query only"])
def test_a_service_account_is_deleted_in_every_way_clients_do(simulator: Simulator, way: str) -> None:
    simulator.call("/customservice/kfaccount/add", WORKER)
    name = WORKER["kf_account"]
    path = "/customservice/kfaccount/del"
    if way == "get":
        answer = simulator.call(path, kf_account=name)
    elif way == "post":
        answer = simulator.call(path, {"kf_account": name})
    else:
        answer = simulator.call(path, b"", kf_account=name)
    assert answer["errcode"] == 0
    assert simulator.code(path, kf_account=name) == 65401


@pytest.mark.parametrize("body", [None, {}, b"", b"[]"])
@pytest.mark.parametrize("name", ["get_industry", "get_all_private_template"])
def test_templates_are_read_by_either_method(simulator: Simulator, name: str, body: Any) -> None:
    assert "errcode" not in simulator.call(f"/cgi-bin/template/{name}", body)


@pytest.mark.parametrize(("given", "answer"), [("", "zh_CN"), ("zh-CN", "zh_CN"), ("en", "en")])
def test_a_language_may_be_empty_or_written_with_a_dash(
    simulator: Simulator, given: str, answer: str
) -> None:
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID]})
    asked = {"user_list": [{"openid": OPENID, "lang": given}]}
    assert simulator.call("/cgi-bin/user/info/batchget", asked)["user_info_list"][0]["language"] == answer
    assert simulator.call("/cgi-bin/user/info", openid=OPENID, lang=given)["language"] == answer


def test_a_notice_is_added_by_a_form_too(simulator: Simulator) -> None:
    form = b"tid=1024&kidList[0]=1&kidList%5B1%5D=2&sceneDesc=%E8%AF%BE%E7%A8%8B"
    made = simulator.call("/wxaapi/newtmpl/addtemplate", form)
    listed = simulator.call("/wxaapi/newtmpl/gettemplate")["data"]
    assert [each["priTmplId"] for each in listed] == [made["priTmplId"]]
    assert simulator.code("/wxaapi/newtmpl/deltemplate", f"priTmplId={made['priTmplId']}".encode()) == 0
    assert simulator.code("/wxaapi/newtmpl/deltemplate", b"") == 44002


@pytest.mark.parametrize(
    ("form", "code"),
    [
        (b"tid=1024&kidList=1&kidList[0]=2", 47001),
        (b"tid=1024&kidList[0]=1&kidList[1]=" + b"9" * 5_000, 200020),
    ],
    ids=["text and list", "too large"],
)
def test_a_list_of_a_form_that_is_none_is_refused(simulator: Simulator, form: bytes, code: int) -> None:
    assert simulator.code("/wxaapi/newtmpl/addtemplate", form) == code


def test_escaped_characters_are_taken_but_in_menus(simulator: Simulator) -> None:
    body = b'{"tag": {"name": "\\u661f\\u6807"}}'
    assert simulator.call("/cgi-bin/tags/create", body)["tag"]["name"] == "星标"


def test_a_mass_message_of_one_picture_may_be_in_the_old_form(simulator: Simulator) -> None:
    name, _, data = samples.load("image", "")
    media_id = simulator.upload("/cgi-bin/media/upload", name, data, type="image")["media_id"]
    simulator.sim(f"/accounts/{APPID}/followers", {"openids": [OPENID]})
    body = {"filter": {"is_to_all": True}, "msgtype": "image", "image": {"media_id": media_id}}
    assert simulator.code("/cgi-bin/message/mass/sendall", body) == 0


# --- web login


@pytest.mark.parametrize("state", ["", "0b8f5a9e-1c2d-4f3a-9e8d-7c6b5a4f3e2d", "aGVsbG8=", "a b/ü"])
def test_the_state_of_a_login_comes_back_whatever_it_is(simulator: Simulator, site: Site, state: str) -> None:
    location = ask(simulator, authorize(site, state=state)).headers["Location"]
    assert location.split("&state=")[1].replace("+", "%20") == quote(state, safe="")


def test_the_fragment_of_the_return_address_stays_at_its_end(simulator: Simulator, site: Site) -> None:
    path = authorize(site, redirect_uri=f"{site.base}/cb?x=1#/route")
    location = ask(simulator, path).headers["Location"]
    assert location.startswith("/cb?x=1&code=")
    assert location.endswith("&state=abc123#/route")


def test_the_domain_of_logins_is_a_setting_of_its_own(simulator: Simulator, site: Site) -> None:
    url = "http://127.0.0.1:5173/cb"
    path = authorize(site, redirect_uri=url)
    assert "10003" in ask(simulator, path).text
    assert opened(simulator, url) == {"frame": None}
    simulator.sim("/accounts", {"appid": APPID, "oauth_domains": ["127.0.0.1:5173"]})
    assert ask(simulator, path).headers["Location"].startswith("/cb?code=")
    assert opened(simulator, url)["frame"].endswith("/cb")


# --- honesty


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_api_that_is_not_played_says_so_as_the_platform_would(simulator: Simulator, method: str) -> None:
    answer = requests.request(method, f"{simulator.base}/cgi-bin/poi/addpoi", json={}, timeout=30)
    assert answer.status_code == 200
    assert answer.json() == {
        "errcode": 40066,
        "errmsg": "invalid url (/cgi-bin/poi/addpoi is not played by this simulator)",
    }


def test_what_is_no_api_is_no_page(simulator: Simulator) -> None:
    assert requests.get(f"{simulator.base}/nowhere", timeout=30).status_code == 404


# --- what comes back


def test_ids_have_the_types_of_real_answers(simulator: Simulator) -> None:
    simulator.call("/customservice/kfaccount/add", WORKER)
    listed = simulator.call("/cgi-bin/customservice/getkflist")["kf_list"]
    assert isinstance(listed[0]["kf_id"], int)
    name, _, data = samples.load("thumb", "")
    uploaded = simulator.upload("/cgi-bin/media/upload", name, data, type="thumb")
    assert set(uploaded) == {"type", "thumb_media_id", "created_at"}


@pytest.mark.parametrize("as_asked", [int, str])
def test_the_number_of_a_publication_is_one_and_is_taken_as_text_too(
    simulator: Simulator, as_asked: type
) -> None:
    name, _, data = samples.load("image", "")
    cover = simulator.upload("/cgi-bin/material/add_material", name, data, type="image")["media_id"]
    article = {"title": "开业", "content": "<p>来</p>", "thumb_media_id": cover}
    draft = simulator.call("/cgi-bin/draft/add", {"articles": [article]})["media_id"]
    number = simulator.call("/cgi-bin/freepublish/submit", {"media_id": draft})["publish_id"]
    assert isinstance(number, int)
    assert len(str(number)) == 10
    answer = simulator.call("/cgi-bin/freepublish/get", {"publish_id": as_asked(number)})
    assert str(answer["publish_id"]) == str(number)


def test_a_message_in_the_name_of_nobody_is_refused(simulator: Simulator) -> None:
    simulator.event(type="text", content="hi")
    body = {"touser": OPENID, "msgtype": "text", "text": {"content": "x"}}
    named = {**body, "customservice": {"kf_account": WORKER["kf_account"]}}
    assert simulator.code("/cgi-bin/message/custom/send", named) == 65401
    simulator.call("/customservice/kfaccount/add", WORKER)
    assert simulator.code("/cgi-bin/message/custom/send", named) == 0


# --- quotas


@pytest.mark.parametrize(
    ("api", "usual", "sandbox"),
    [
        ("/cgi-bin/menu/create", 1_000, 100),
        ("/cgi-bin/draft/add", 1_000, 1_000),
        ("/cgi-bin/freepublish/submit", 100, 100),
        ("/cgi-bin/user/get", 500, 100),
    ],
)
def test_daily_limits_are_those_of_the_platform(
    simulator: Simulator, api: str, usual: int, sandbox: int
) -> None:
    def limit() -> int:
        answer = simulator.call("/cgi-bin/openapi/quota/get", {"cgi_path": api})
        return int(answer["quota"]["daily_limit"])

    assert limit() == usual
    simulator.sim("/accounts", {"appid": APPID, "sandbox": True})
    assert limit() == sandbox


def test_a_used_up_quota_is_met_and_cleared(simulator: Simulator) -> None:
    codes = [simulator.code("/cgi-bin/freepublish/batchget", {"offset": 0, "count": 1}) for _ in range(101)]
    assert codes == [0] * 100 + [45009]
    one = {"cgi_path": "/cgi-bin/freepublish/batchget"}
    assert simulator.code("/cgi-bin/openapi/quota/clear", one) == 0
    assert simulator.code("/cgi-bin/freepublish/batchget", {"offset": 0, "count": 1}) == 0
    assert simulator.code("/cgi-bin/clear_quota", {"appid": "wxnobody"}) == 40013
    cleared = [simulator.code("/cgi-bin/clear_quota", {"appid": APPID}) for _ in range(11)]
    assert cleared == [0] * 10 + [48006]


def test_quotas_are_cleared_by_secret_when_no_token_is_to_be_had(simulator: Simulator) -> None:
    simulator.get_token()
    path = "/cgi-bin/clear_quota/v2"
    secret = "0123456789abcdef0123456789abcdef"
    assert simulator.raw(path, b"", appid=APPID, appsecret="wrong").json()["errcode"] == 40125
    assert simulator.raw(path, b"", appid=APPID, appsecret=secret).json()["errcode"] == 0
    assert simulator.raw(path, {"appid": APPID, "appsecret": secret}).json()["errcode"] == 0


def test_a_refused_request_is_returned_by_its_id_without_its_credentials(simulator: Simulator) -> None:
    refused = simulator.call("/cgi-bin/tags/create", {"tag": {"name": ""}})
    rid = refused["errmsg"].split("rid: ")[1]
    answer = simulator.call("/cgi-bin/openapi/rid/get", {"rid": rid})["request"]
    assert answer["request_url"].endswith("/cgi-bin/tags/create?access_token=***")
    assert '"name": ""' in answer["request_body"]
    assert rid in answer["response_body"]
    mistaken = {"grant_type": "mistake", "appid": APPID, "secret": "very-secret"}
    again = simulator.raw("/cgi-bin/stable_token", mistaken).json()["errmsg"].split("rid: ")[1]
    kept = simulator.call("/cgi-bin/openapi/rid/get", {"rid": again})["request"]["request_body"]
    assert "mistake" in kept
    assert "very-secret" not in kept
    assert simulator.code("/cgi-bin/openapi/rid/get", {"rid": "00000000-00000000-00000000"}) == 76001
    assert simulator.code("/cgi-bin/openapi/rid/get", {"rid": "nonsense"}) == 76002
    simulator.sim("/clock", {"advance": 8 * 86_400})
    simulator.get_token()
    assert simulator.code("/cgi-bin/openapi/rid/get", {"rid": rid}) == 76004
