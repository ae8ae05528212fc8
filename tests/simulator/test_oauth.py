"""Codes and tokens of people (reference 13 and 14), as an account's server asks for them."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from Crypto.Cipher import AES
from Crypto.Util.Padding import unpad

from tests.simulator.conftest import APPID, OWNER, Simulator
from tests.simulator.site import Site
from tests.simulator.test_webview import PERSON, ask, authorize

MINI = "wx3c5e7a9b1d2f4068"
SECRET = OWNER["secret"]


def code(simulator: Simulator, site: Site, scope: str = "snsapi_base", choice: str = "allow") -> str:
    answer = ask(simulator, authorize(site, scope=scope), method="POST", data={"choice": choice})
    return str(parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0])


def exchanged(simulator: Simulator, given: str, **changes: str) -> Any:
    query = {"appid": APPID, "secret": SECRET, "code": given, "grant_type": "authorization_code", **changes}
    return simulator.raw("/sns/oauth2/access_token", **query).json()


def test_a_code_becomes_a_token_once(simulator: Simulator, site: Site) -> None:
    given = code(simulator, site)
    answer = exchanged(simulator, given)
    assert answer["scope"] == "snsapi_base"
    assert "is_snapshotuser" not in answer
    assert "unionid" not in answer
    assert exchanged(simulator, given)["errcode"] == 40163


def test_the_openid_is_the_one_of_the_chat(simulator: Simulator, site: Site) -> None:
    chat = requests.get(f"{simulator.base}/phone/{APPID}/{PERSON}/conversation", timeout=60).json()
    assert exchanged(simulator, code(simulator, site))["openid"] == chat["openid"]


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"code": "nonsense"}, 40029),
        ({"code": ""}, 41008),
        ({"appid": "wxffffffffffffffff"}, 40013),
        ({"appid": ""}, 41002),
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
        ({"grant_type": "refresh_token"}, 40002),
    ],
)
def test_what_is_wrong_with_an_exchange_is_named(
    simulator: Simulator, site: Site, changes: dict[str, str], errcode: int
) -> None:
    assert exchanged(simulator, code(simulator, site), **changes)["errcode"] == errcode


def test_a_code_is_good_for_five_minutes(simulator: Simulator, site: Site) -> None:
    given = code(simulator, site)
    simulator.sim("/clock", {"advance": 301})
    assert exchanged(simulator, given)["errcode"] == 42003


def test_the_profile_is_for_who_consented(simulator: Simulator, site: Site) -> None:
    simulator.sim("/accounts", {"appid": APPID, "open_platform": True})
    token = exchanged(simulator, code(simulator, site, "snsapi_userinfo"))
    asked = {"access_token": token["access_token"], "openid": token["openid"]}
    profile = simulator.raw("/sns/userinfo", **asked).json()
    assert profile["nickname"]
    assert profile["unionid"] == token["unionid"]
    assert requests.get(profile["headimgurl"], timeout=60).headers["Content-Type"] == "image/jpeg"
    assert simulator.raw("/sns/auth", **asked).json()["errcode"] == 0
    assert simulator.raw("/sns/auth", **{**asked, "openid": "oOther"}).json()["errcode"] == 40003
    assert simulator.raw("/sns/userinfo", access_token="x", openid="o").json()["errcode"] == 40001
    silent = exchanged(simulator, code(simulator, site))
    asked = {"access_token": silent["access_token"], "openid": silent["openid"]}
    assert simulator.raw("/sns/userinfo", **asked).json()["errcode"] == 48001


def test_a_snapshot_has_a_virtual_person(simulator: Simulator, site: Site) -> None:
    real = exchanged(simulator, code(simulator, site, "snsapi_userinfo"))
    virtual = exchanged(simulator, code(simulator, site, "snsapi_userinfo", choice="snapshot"))
    assert virtual["is_snapshotuser"] == 1
    assert virtual["openid"] != real["openid"]


def test_a_token_is_renewed(simulator: Simulator, site: Site) -> None:
    token = exchanged(simulator, code(simulator, site))
    query = {"appid": APPID, "grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    renewed = simulator.raw("/sns/oauth2/refresh_token", **query).json()
    assert renewed["openid"] == token["openid"]
    former = {"access_token": token["access_token"], "openid": token["openid"]}
    assert simulator.raw("/sns/auth", **former).json()["errcode"] == 40001
    simulator.sim("/clock", {"advance": 31 * 86_400})
    assert simulator.raw("/sns/oauth2/refresh_token", **query).json()["errcode"] == 42002
    query["refresh_token"] = "nonsense"
    assert simulator.raw("/sns/oauth2/refresh_token", **query).json()["errcode"] == 40030


# --- mini program


@pytest.fixture
def mini(simulator: Simulator) -> str:
    simulator.sim(
        "/accounts", {"appid": MINI, "secret": SECRET, "kind": "miniprogram", "open_platform": True}
    )
    return MINI


def perk(simulator: Simulator, what: str) -> Any:
    return ask(simulator, f"/.mini/{MINI}/{what}", method="POST").json().get("given")


def logged_in(simulator: Simulator, code: str) -> Any:
    query = {"appid": MINI, "secret": SECRET, "js_code": code, "grant_type": "authorization_code"}
    return simulator.raw("/sns/jscode2session", **query).json()


def test_a_login_code_becomes_a_session_once(simulator: Simulator, mini: str) -> None:
    given = perk(simulator, "login")
    session = logged_in(simulator, given)
    assert len(b64decode(session["session_key"])) == 16
    assert session["unionid"]
    assert logged_in(simulator, given)["errcode"] == 40163
    assert logged_in(simulator, "nonsense")["errcode"] == 40029
    assert logged_in(simulator, "")["errcode"] == 41008
    assert logged_in(simulator, perk(simulator, "phone"))["errcode"] == 40029


def test_encrypted_data_opens_with_the_session_key(simulator: Simulator, mini: str) -> None:
    assert perk(simulator, "profile") is None
    session = logged_in(simulator, perk(simulator, "login"))
    given, key = perk(simulator, "profile"), session["session_key"]
    expected = hashlib.sha1((given["rawData"] + key).encode()).hexdigest()
    assert given["signature"] == expected
    cipher = AES.new(b64decode(key), AES.MODE_CBC, b64decode(given["iv"]))
    opened = json.loads(unpad(cipher.decrypt(b64decode(given["encryptedData"])), 16))
    assert (opened["openId"], opened["unionId"]) == (session["openid"], session["unionid"])
    assert opened["watermark"]["appid"] == MINI


def test_a_phone_code_becomes_a_number_once(simulator: Simulator, mini: str) -> None:
    query = {"appid": MINI, "secret": SECRET, "grant_type": "client_credential"}
    token = simulator.raw("/cgi-bin/token", **query).json()["access_token"]
    given = perk(simulator, "phone")
    path = "/wxa/business/getuserphonenumber"
    answer = simulator.call(path, {"code": given}, token=token)
    assert answer["phone_info"]["purePhoneNumber"].startswith("139")
    assert simulator.call(path, {"code": given}, token=token)["errcode"] == 40163
    assert simulator.call(path, {"code": "x"}, token=token)["errcode"] == 40029


def test_the_state_of_a_session_is_returned(simulator: Simulator, mini: str) -> None:
    session = logged_in(simulator, perk(simulator, "login"))
    query = {"appid": MINI, "secret": SECRET, "grant_type": "client_credential"}
    token = simulator.raw("/cgi-bin/token", **query).json()["access_token"]
    signature = hmac.new(session["session_key"].encode(), b"", hashlib.sha256).hexdigest()
    asked = {"openid": session["openid"], "signature": signature, "sig_method": "hmac_sha256"}
    assert simulator.call("/wxa/checksession", token=token, **asked)["errcode"] == 0
    logged_in(simulator, perk(simulator, "login"))
    assert simulator.call("/wxa/checksession", token=token, **asked)["errcode"] == 87009


def test_an_official_account_is_no_mini_program(simulator: Simulator) -> None:
    assert ask(simulator, f"/.mini/{APPID}/login", method="POST").status_code == 400
    assert ask(simulator, f"/.mini/{APPID}/fly", method="POST").status_code == 404
    assert ask(simulator, "/.mini/wxnobody/login", method="POST").status_code == 404


def signed_config(simulator: Simulator, url: str) -> dict[str, Any]:
    """Returns the configuration that a page gives ``wx.config``."""
    ticket = simulator.call("/cgi-bin/ticket/getticket", type="jsapi")["ticket"]
    text = f"jsapi_ticket={ticket}&noncestr=abc&timestamp=1764000000&url={url}"
    signature = hashlib.sha1(text.encode()).hexdigest()
    return {"appId": APPID, "timestamp": 1764000000, "nonceStr": "abc", "signature": signature}


def test_a_voice_recorded_by_a_page_is_had_as_speex(simulator: Simulator, site: Site) -> None:
    url = f"{site.base}/page"
    config = signed_config(simulator, url)
    asked = {"config": config, "url": url}
    media_id = ask(simulator, "/.webview/voice", method="POST", json=asked).json()["serverId"]
    token = simulator.token
    speex = simulator.raw("/cgi-bin/media/get/jssdk", access_token=token, media_id=media_id)
    assert (speex.headers["Content-Type"], len(speex.content) % 70) == ("voice/speex", 0)
    amr = simulator.raw("/cgi-bin/media/get", access_token=token, media_id=media_id)
    assert amr.headers["Content-Type"] == "audio/amr"
    sent = simulator.upload("/cgi-bin/media/upload", "a.amr", amr.content, type="voice")["media_id"]
    assert simulator.code("/cgi-bin/media/get/jssdk", media_id=sent) == 40007
    assert simulator.code("/cgi-bin/media/get/jssdk") == 41006
    config["signature"] = "0" * 40
    assert "serverId" not in ask(simulator, "/.webview/voice", method="POST", json=asked).json()


def test_a_signature_of_the_js_sdk_is_checked(simulator: Simulator, site: Site) -> None:
    url = f"{site.base}/page?a=1"
    config = signed_config(simulator, url)

    def config_result(**changes: Any) -> str:
        asked = {"config": {**config, **changes}, "url": f"{url}#/order"}
        return str(ask(simulator, "/.webview/jssdk", method="POST", json=asked).json()["errMsg"])

    assert config_result() == "config:ok"
    assert (
        config_result(signature="0" * 40)
        == config_result(appId="wxnobody")
        == config_result(nonceStr="b")
        == "config:invalid signature"
    )
