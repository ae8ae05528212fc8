"""Third-party platforms of the Open Platform: tickets, authorisations, calls and messages on behalf."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from simulator import signing
from tests.simulator.conftest import (
    APPID,
    ORIGINAL_ID,
    OWNER,
    AccountServer,
    Pushed,
    Simulator,
    reply,
)
from tests.simulator.test_webview import ask, opened

COMPONENT = "wxc0ffee0123456789"
KEY = "Kp9vYp2LmX9cTzK4bNwQ8sHdJ1uEoF6aVxI3yWqZ5tA"
OTHER = "wxc0ffee9876543210"
MINI = "wx3c5e7a9b1d2f4068"
SECRET, TOKEN = "f" * 32, "ComponentToken"


def events(server: AccountServer) -> list[dict[str, str]]:
    """The events at the component's address, decrypted, after their signature was checked."""
    found = []
    for pushed in list(server.pushed):
        if pushed.path != "/events":
            continue
        body = pushed.body.decode()
        assert f"<AppId><![CDATA[{COMPONENT}]]></AppId>" in body
        sealed = re.findall(r"<Encrypt><!\[CDATA\[(.*?)\]\]>", body)[0]
        query = pushed.query
        expected = signing.signature(TOKEN, query["timestamp"], query["nonce"], sealed)
        assert (query["msg_signature"], query["encrypt_type"]) == (expected, "aes")
        text = signing.open_sealed(sealed, KEY, COMPONENT).decode()
        found.append(dict(re.findall(r"<(\w+)>(?:<!\[CDATA\[)?(.*?)(?:\]\]>)?</\1>", text.split("<xml>")[1])))
    return found


@dataclass
class Platform:
    """The component's own program."""

    simulator: Simulator
    server: AccountServer
    token: str = ""

    def sim(self, path: str, **given: Any) -> Any:
        return self.simulator.sim(f"/components/{COMPONENT}{path}", given)

    def events(self, kind: str) -> list[dict[str, str]]:
        return [each for each in events(self.server) if each["InfoType"] == kind]

    def ticket(self) -> str:
        self.sim("/ticket")
        return self.events("component_verify_ticket")[-1]["ComponentVerifyTicket"]

    def get_token(self, **changes: Any) -> Any:
        body = {"component_appid": COMPONENT, "component_appsecret": SECRET}
        body["component_verify_ticket"] = changes.pop("ticket", None) or self.ticket()
        answer = self.simulator.raw("/cgi-bin/component/api_component_token", {**body, **changes}).json()
        self.token = answer.get("component_access_token", self.token)
        return answer

    def call(self, name: str, **body: Any) -> Any:
        if not self.token:
            self.get_token()
        query = {"component_access_token": body.pop("token", self.token)}
        return self.simulator.raw(
            f"/cgi-bin/component/{name}", {"component_appid": COMPONENT, **body}, **query
        ).json()

    def authorize(self, appid: str = APPID, **given: Any) -> Any:
        """The account authorises on the page; the answer is its authorization_info."""
        code = self.sim("/authorize", appid=appid, **given)["auth_code"]
        return self.call("api_query_auth", authorization_code=code)["authorization_info"]


@pytest.fixture
def platform(simulator: Simulator, server: AccountServer) -> Platform:
    """A component, which has its first ticket, beside an account that has no server of its own."""
    simulator.sim("/accounts", {"appid": APPID, "callback_url": ""})
    base = server.url.removesuffix("/callback")
    simulator.sim(
        "/components",
        {
            "appid": COMPONENT, "secret": SECRET, "token": TOKEN, "aes_key": KEY, "name": "青橙服务商",
            "event_url": f"{base}/events", "callback_url": f"{base}/$APPID$/callback",
        },
    )  # fmt: skip
    server.await_pushes(1)
    return Platform(simulator, server)


def test_a_ticket_buys_a_token(platform: Platform) -> None:
    answer = platform.get_token()
    assert answer["expires_in"] == 7200
    event = platform.events("component_verify_ticket")[-1]
    assert (event["AppId"], event["CreateTime"].isdecimal()) == (COMPONENT, True)


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"component_appid": ""}, 41018),
        ({"component_appid": "wxnobody"}, 40013),
        ({"component_appsecret": ""}, 41004),
        ({"component_appsecret": "0" * 32}, 40125),
        ({"ticket": "ticket@@@nonsense"}, 61006),
    ],
)
def test_what_is_wrong_with_a_token_call_is_named(
    platform: Platform, changes: dict[str, str], errcode: int
) -> None:
    assert platform.get_token(**changes)["errcode"] == errcode


def test_an_old_ticket_has_expired(platform: Platform) -> None:
    ticket = platform.ticket()
    platform.simulator.sim("/clock", {"advance": 12 * 3600 + 1})
    answer = platform.get_token(ticket=ticket)
    assert (answer["errcode"], answer["errmsg"].partition(" rid")[0]) == (
        61005,
        "component ticket is expired",
    )


def test_tickets_are_pushed_every_ten_minutes_of_the_clock(platform: Platform) -> None:
    platform.simulator.sim("/clock", {"advance": 600})
    platform.server.await_pushes(2)
    tickets = [each["ComponentVerifyTicket"] for each in platform.events("component_verify_ticket")]
    assert len(set(tickets)) == 2


def test_another_address_is_not_registered(platform: Platform) -> None:
    platform.get_token()
    platform.simulator.sim("/components", {"appid": COMPONENT, "ip_whitelist": ["203.0.113.7"]})
    assert platform.get_token()["errcode"] == 61004
    assert platform.call("api_create_preauthcode")["errcode"] == 61004


def test_an_account_authorises_and_the_component_acts_for_it(platform: Platform) -> None:
    info = platform.authorize()
    event = platform.events("authorized")[-1]
    assert event["AuthorizerAppid"] == info["authorizer_appid"] == APPID
    assert {"funcscope_category": {"id": 1}} in info["func_info"]
    body = {"tag": {"name": "贵宾"}}
    token = info["authorizer_access_token"]
    assert platform.simulator.call("/cgi-bin/tags/create", body, token=token)["tag"]["name"] == "贵宾"
    again = platform.call("api_query_auth", authorization_code=event["AuthorizationCode"])
    assert again["errcode"] == 61010
    assert platform.call("api_query_auth", authorization_code="queryauthcode@@@x")["errcode"] == 61009


def test_what_was_not_granted_is_refused(platform: Platform) -> None:
    token = platform.authorize(permissions=[2])["authorizer_access_token"]
    simulator = platform.simulator
    assert simulator.call("/cgi-bin/tags/get", token=token) == {
        "tags": simulator.call("/cgi-bin/tags/get")["tags"]
    }
    refused = simulator.call("/cgi-bin/menu/get", token=token)
    assert (refused["errcode"], refused["errmsg"].partition(" rid")[0]) == (
        61007,
        "api is unauthorized to component",
    )
    assert simulator.call("/cgi-bin/getcallbackip", token=token)["ip_list"]


def test_a_token_is_refreshed_and_a_new_grant_ends_the_refresh_token(platform: Platform) -> None:
    first = platform.authorize()
    named = {"authorizer_appid": APPID, "authorizer_refresh_token": first["authorizer_refresh_token"]}
    fresh = platform.call("api_authorizer_token", **named)
    assert fresh["authorizer_access_token"] != first["authorizer_access_token"]
    platform.simulator.sim("/clock", {"advance": 301})
    old = platform.simulator.call("/cgi-bin/tags/get", token=first["authorizer_access_token"])
    assert old["errcode"] == 40001
    platform.authorize(permissions=[1])
    assert platform.call("api_authorizer_token", **named)["errcode"] == 61023
    assert platform.events("updateauthorized")[-1]["AuthorizerAppid"] == APPID


def test_cancelling_ends_the_tokens(platform: Platform) -> None:
    info = platform.authorize()
    platform.sim("/cancel", appid=APPID)
    assert platform.events("unauthorized")[-1]["AuthorizerAppid"] == APPID
    gone = platform.simulator.call("/cgi-bin/tags/get", token=info["authorizer_access_token"])
    assert gone["errcode"] == 40001
    named = {"authorizer_appid": APPID, "authorizer_refresh_token": info["authorizer_refresh_token"]}
    assert platform.call("api_authorizer_token", **named)["errcode"] == 61003
    assert platform.call("api_get_authorizer_list", offset=0, count=10)["total_count"] == 0


def test_tokens_are_not_taken_for_each_other(platform: Platform) -> None:
    info = platform.authorize()
    simulator = platform.simulator
    for token in (info["authorizer_access_token"], simulator.get_token()):
        assert platform.call("api_create_preauthcode", token=token)["errcode"] == 61014
    assert simulator.call("/cgi-bin/tags/get", token=platform.token)["errcode"] == 61015
    assert platform.call("api_create_preauthcode", token="nonsense")["errcode"] == 40014
    assert platform.call("api_create_preauthcode", component_appid=OTHER)["errcode"] == 61011
    assert platform.call("api_create_preauthcode", component_appid="")["errcode"] == 41018
    assert platform.call("api_create_preauthcode", token="")["errcode"] == 41001


def test_the_component_reads_who_authorised_it(platform: Platform) -> None:
    platform.authorize()
    found = platform.call("api_get_authorizer_info", authorizer_appid=APPID)
    info = found["authorizer_info"]
    assert (info["nick_name"], info["user_name"], info["service_type_info"]) == (
        OWNER["name"],
        ORIGINAL_ID,
        {"id": 2},
    )
    page = platform.call("api_get_authorizer_list", offset=0, count=500)
    assert [each["authorizer_appid"] for each in page["list"]] == [APPID]
    refresh = found["authorization_info"]["authorizer_refresh_token"]
    assert page["list"][0]["refresh_token"] == refresh
    assert platform.call("api_get_authorizer_info", authorizer_appid="wxnobody")["errcode"] == 40013


def test_the_token_may_be_called_access_token_too(platform: Platform) -> None:
    platform.get_token()
    path, body = "/cgi-bin/component/api_create_preauthcode", {"component_appid": COMPONENT}
    answer = platform.simulator.raw(path, body, access_token=platform.token).json()
    assert (answer["pre_auth_code"].startswith("preauthcode"), answer["expires_in"]) == (True, 1800)


def test_a_fault_strikes_a_component(platform: Platform) -> None:
    path = "/cgi-bin/component/api_create_preauthcode"
    platform.simulator.sim("/faults", {"api": path, "appid": COMPONENT, "errcode": -1, "times": 1})
    assert platform.call("api_create_preauthcode")["errcode"] == -1
    assert platform.call("api_create_preauthcode")["pre_auth_code"]
    counts = platform.simulator.get(f"/calls?appid={COMPONENT}")["counts"]
    assert counts[path] == 2


def test_options_of_an_account_are_set(platform: Platform) -> None:
    platform.authorize()
    named = {"authorizer_appid": APPID, "option_name": "voice_recognize"}
    assert platform.call("api_get_authorizer_option", **named)["option_value"] == "0"
    assert platform.call("api_set_authorizer_option", **named, option_value="1")["errcode"] == 0
    assert platform.call("api_get_authorizer_option", **named)["option_value"] == "1"
    assert platform.call("api_set_authorizer_option", **named, option_value="7")["errcode"] == 61013
    wrong = {**named, "option_name": "nonsense"}
    assert platform.call("api_get_authorizer_option", **wrong)["errcode"] == 61012
    platform.simulator.event(type="voice")
    assert "Recognition" in message(platform.server.pushed[-1])


def message(pushed: Pushed) -> str:
    sealed = re.findall(r"<Encrypt><!\[CDATA\[(.*?)\]\]>", pushed.body.decode())[0]
    return signing.open_sealed(sealed, KEY, COMPONENT).decode()


def test_messages_go_to_the_component_sealed_with_its_key(platform: Platform) -> None:
    def answer(pushed: Pushed) -> bytes:
        if pushed.path == "/events":
            return b"success"
        body = reply(inner="<Content>由服务商回复</Content>")
        sealed = signing.seal(body, KEY, COMPONENT)
        signature = signing.signature(TOKEN, "1769907603", "1", sealed)
        return (
            f"<xml><Encrypt>{sealed}</Encrypt><MsgSignature>{signature}</MsgSignature>"
            "<TimeStamp>1769907603</TimeStamp><Nonce>1</Nonce></xml>"
        ).encode()

    platform.authorize()
    platform.server.answer = answer
    result = platform.simulator.event(type="text", content="在吗")
    assert result["shown"][0]["content"] == {"content": "由服务商回复"}
    pushed = platform.server.pushed[-1]
    assert pushed.path == f"/{APPID}/callback"
    assert "在吗" in message(pushed)
    assert f"<ToUserName><![CDATA[{ORIGINAL_ID}]]>" in message(pushed)


def test_the_accounts_own_server_goes_on_receiving(platform: Platform) -> None:
    platform.authorize()
    platform.simulator.sim("/accounts", {"appid": APPID, "callback_url": platform.server.url})
    result = platform.simulator.event(type="text", content="在吗")
    assert {each["request"]["url"] for each in result["attempts"]} == {
        platform.server.url,
        platform.server.url.replace("/callback", f"/{APPID}/callback"),
    }
    platform.authorize(permissions=[2])
    assert len(platform.simulator.event(type="text", content="在吗")["attempts"]) == 1


def test_one_component_at_a_time_holds_the_web_pages_of_an_account(platform: Platform) -> None:
    platform.authorize()
    platform.simulator.sim("/components", {"appid": OTHER, "aes_key": KEY})
    platform.simulator.sim(f"/components/{OTHER}/authorize", {"appid": APPID})
    listed = {each["appid"]: each for each in platform.simulator.get("/components")["components"]}
    assert 4 in listed[COMPONENT]["authorizations"][APPID]
    assert 4 not in listed[OTHER]["authorizations"][APPID]
    platform.sim("/cancel", appid=APPID)
    platform.simulator.sim(f"/components/{OTHER}/authorize", {"appid": APPID})
    listed = {each["appid"]: each for each in platform.simulator.get("/components")["components"]}
    assert 4 in listed[OTHER]["authorizations"][APPID]


def test_a_component_that_fails_is_held_and_the_account_is_not(platform: Platform) -> None:
    platform.authorize()
    platform.simulator.sim("/accounts", {"appid": APPID, "callback_url": platform.server.url})
    platform.server.answer = lambda pushed: b"success" if pushed.path == "/callback" else 500
    for _ in range(3):
        platform.simulator.event(type="text", content="在吗")
    attempts = platform.simulator.event(type="text", content="在吗")["attempts"]
    assert sorted(each["verdict"] for each in attempts) == ["held", "success"]


# --- the pages


def link(platform: Platform, path: str = "/safe/bindcomponent", **changes: str) -> str:
    base = platform.server.url.removesuffix("/callback")
    query = {
        "component_appid": COMPONENT, "redirect_uri": f"{base}/done?shop=1", "auth_type": "3", "no_scan": "1",
        "pre_auth_code": platform.call("api_create_preauthcode")["pre_auth_code"], **changes,
    }  # fmt: skip
    return f"{path}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())


def test_an_administrator_confirms_on_the_phone(platform: Platform) -> None:
    path = link(platform)
    text = ask(platform.simulator, path).text
    assert "青橙服务商" in text
    assert "1 消息管理" in text
    data = {"choice": "allow", "permission": ["1", "2", "9" * 5_000]}
    where = ask(platform.simulator, path, method="POST", data=data).headers["Location"]
    parts = parse_qs(urlsplit(where).query)
    assert (parts["shop"], parts["expires_in"]) == (["1"], ["3600"])
    info = platform.call("api_query_auth", authorization_code=parts["auth_code"][0])["authorization_info"]
    assert [each["funcscope_category"]["id"] for each in info["func_info"]] == [1, 2]


def test_the_account_is_chosen_where_there_are_several(platform: Platform) -> None:
    platform.simulator.sim("/accounts", {"appid": MINI, "kind": "miniprogram", "name": "小程序"})
    assert 'type="radio"' in ask(platform.simulator, link(platform)).text
    assert "开发管理与数据分析" in ask(platform.simulator, link(platform, auth_type="2")).text
    assert "消息管理" in ask(platform.simulator, link(platform, auth_type="1")).text
    path = link(platform, biz_appid=MINI)
    data = {"choice": "allow", "appid": MINI, "permission": ["18"]}
    assert ask(platform.simulator, path, method="POST", data=data).status_code == 302
    listed = platform.call("api_get_authorizer_list", offset=0, count=10)["list"]
    assert [each["authorizer_appid"] for each in listed] == [MINI]


@pytest.mark.parametrize(
    "changes",
    [
        {"component_appid": "wxnobody"},
        {"pre_auth_code": "preauthcode@@@nonsense"},
        {"redirect_uri": "https://elsewhere.example.com/"},
        {"biz_appid": "wxnobody"},
    ],
)
def test_a_link_that_is_wrong_opens_an_error_page(platform: Platform, changes: dict[str, str]) -> None:
    assert "无法打开网页" in ask(platform.simulator, link(platform, **changes)).text


def test_a_browser_shows_a_code_and_goes_on_when_it_was_scanned(platform: Platform) -> None:
    path = link(platform, "/cgi-bin/componentloginpage", no_scan="0")
    base = platform.simulator.base
    text = requests.get(base + path, timeout=60).text
    assert "data:image/jpeg" in text
    state = path.replace("componentloginpage", "componentloginpage/state")
    assert requests.get(base + state, timeout=60).json() == {"url": ""}
    url = re.findall(r"<code>(.*?)</code>", text)[0].replace("&amp;", "&")
    picture = base64.b64decode(re.findall(r"base64,([^\"]+)", text)[0])
    seen = requests.post(f"{base}/phone/{APPID}/alice-1/codes", data=picture, timeout=60).json()
    assert seen == {"url": url}
    frame = opened(platform.simulator, url)["frame"]
    inside = frame.removeprefix(f"http://alice-1.localhost:{urlsplit(base).port}")
    data = {"choice": "allow", "permission": "1"}
    assert "授权成功" in ask(platform.simulator, inside, method="POST", data=data).text
    assert "auth_code=queryauthcode" in requests.get(base + state, timeout=60).json()["url"]


def test_a_grant_is_changed_and_taken_back_on_the_phone(platform: Platform) -> None:
    platform.authorize()
    path = f"/safe/authorizations?appid={APPID}"
    assert "青橙服务商" in ask(platform.simulator, path).text
    data = {"component": COMPONENT, "choice": "update", "permission": "2"}
    ask(platform.simulator, path, method="POST", data=data)
    listed = platform.simulator.get("/components")["components"][0]
    assert listed["authorizations"] == {APPID: [2]}
    assert (
        "青橙服务商"
        not in ask(platform.simulator, path, method="POST", data={**data, "choice": "cancel"}).text
    )
    assert platform.simulator.get("/components")["components"][0]["authorizations"] == {}


# --- web login on behalf


def test_people_log_in_at_the_components_site(platform: Platform) -> None:
    platform.authorize()
    base = platform.server.url.removesuffix("/callback")
    query = f"appid={APPID}&redirect_uri={quote(base + '/in', safe='')}&response_type=code&scope=snsapi_base"
    where = ask(
        platform.simulator, f"/connect/oauth2/authorize?{query}&state=s&component_appid={COMPONENT}"
    ).headers["Location"]
    parts = {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}
    assert (parts["appid"], parts["state"]) == (APPID, "s")
    asked = {"appid": APPID, "code": parts["code"], "grant_type": "authorization_code"}
    simulator = platform.simulator
    owner = simulator.raw("/sns/oauth2/access_token", secret=OWNER["secret"], **asked).json()
    assert owner["errcode"] == 40029
    behalf = {"component_appid": COMPONENT, "component_access_token": platform.token}
    token = simulator.raw("/sns/oauth2/component/access_token", **asked, **behalf).json()
    assert token["openid"].startswith("o")
    asked = {"appid": APPID, "grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    fresh = simulator.raw("/sns/oauth2/component/refresh_token", **asked, **behalf).json()
    assert fresh["openid"] == token["openid"]
    platform.authorize(permissions=[1])
    assert simulator.raw("/sns/oauth2/component/refresh_token", **asked, **behalf).json()["errcode"] == 61007


def test_who_did_not_grant_web_pages_has_no_login_there(platform: Platform) -> None:
    platform.authorize(permissions=[1])
    base = platform.server.url.removesuffix("/callback")
    query = f"appid={APPID}&redirect_uri={quote(base + '/in', safe='')}&response_type=code&scope=snsapi_base"
    text = ask(platform.simulator, f"/connect/oauth2/authorize?{query}&component_appid={COMPONENT}").text
    assert "10005" in text


# --- set up


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"aes_key": "short"}, "aes_key must be 43 characters"),
        ({"aes_key": ""}, "needs an aes_key"),
        ({"event_url": "nonsense"}, "event_url must be an address"),
        ({"permissions": [999]}, "permissions must be a list of permission sets"),
        ({"nonsense": 1}, "a component has no nonsense"),
        ({"appid": APPID}, "is the AppID of an account"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(
    simulator: Simulator, changes: dict[str, Any], problem: str
) -> None:
    body = {"appid": OTHER, "aes_key": KEY, **changes}
    answer = requests.post(f"{simulator.base}/_sim/components", json=body, timeout=60)
    assert answer.status_code == 400
    assert problem in answer.json()["error"]


def test_everything_comes_back_with_the_saved_state(platform: Platform) -> None:
    info = platform.authorize()
    state = platform.simulator.get("/state")
    platform.simulator.sim("/reset")
    platform.simulator.sim("/state", state, method="PUT")
    token = info["authorizer_access_token"]
    assert "tags" in platform.simulator.call("/cgi-bin/tags/get", token=token)
    platform.simulator.sim("/reset", {"keep_accounts": True})
    assert platform.simulator.get("/components")["components"][0]["authorizations"] == {}


def test_a_component_is_made_on_its_page(simulator: Simulator) -> None:
    fields = {"name": "新平台", "event_url": "", "callback_url": "", "token": "t", "action": "make"}
    text = requests.post(f"{simulator.base}/open", data=fields, timeout=60).text
    assert "新平台" in text
    assert "EncodingAESKey" in text
    wrong = requests.post(f"{simulator.base}/open", data={**fields, "event_url": "x"}, timeout=60).text
    assert "event_url must be an address" in wrong
