"""Tests of WeChat's browser without a browser: requests to the account's server and their responses."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from tests.simulator.conftest import APPID, Simulator
from tests.simulator.site import Site

PERSON = "alice-1"


def ask(simulator: Simulator, path: str, person: str = PERSON, method: str = "GET", **more: Any) -> Any:
    port = urlsplit(simulator.base).port
    headers = {"Host": f"{person}.localhost:{port}", **more.pop("headers", {})}
    return requests.request(
        method, simulator.base + path, headers=headers, allow_redirects=False, timeout=60, **more
    )


def opened(simulator: Simulator, url: str, person: str = PERSON) -> Any:
    answer = requests.post(f"{simulator.base}/phone/{APPID}/{person}/open", json={"url": url}, timeout=60)
    return answer.json()


def test_a_page_of_the_account_has_an_address_for_each_person(simulator: Simulator, site: Site) -> None:
    port = urlsplit(simulator.base).port
    frame = opened(simulator, f"{site.base}/page?a=1#end")["frame"]
    assert frame == f"http://{PERSON}.localhost:{port}/page?a=1#end"


@pytest.mark.parametrize("url", ["https://h5.example.com/", "http://127.0.0.1:1/", "javascript:alert(1)", ""])
def test_pages_of_others_are_not_opened(simulator: Simulator, site: Site, url: str) -> None:
    assert opened(simulator, url) == {"frame": None}


def test_a_person_whose_name_is_no_host_is_refused(simulator: Simulator, site: Site) -> None:
    assert "error" in opened(simulator, site.base, person="not a host")


def test_the_server_is_asked_as_if_by_wechat(simulator: Simulator, site: Site) -> None:
    here = f"http://{PERSON}.localhost:{urlsplit(simulator.base).port}"
    body = ask(
        simulator,
        f"/tell?url={quote(here + '/page', safe='')}",
        method="POST",
        data=json.dumps({"url": f"{here}/page"}),
        headers={"Origin": here, "Referer": f"{here}/page", "Content-Type": "application/json"},
    ).text
    # The answer is translated for the page again, so the server's own address is not in it.
    assert site.base not in body
    received = json.loads(body)
    assert "MicroMessenger" in received["headers"]["User-Agent"]
    assert received["headers"]["Host"] == urlsplit(site.base).netloc
    assert received["path"] == f"/tell?url={quote(site.base + '/page', safe='')}"
    assert json.loads(received["body"]) == {"url": f"{here}/page"}
    assert received["headers"]["origin"] == here


def test_pages_are_translated_may_be_framed_and_carry_our_script(simulator: Simulator, site: Site) -> None:
    answer = ask(simulator, "/page")
    assert site.base not in answer.text
    assert f"http://{PERSON}.localhost" in answer.text
    assert '<head><script src="/.webview/script.js"></script><title>' in answer.text
    assert "X-Frame-Options" not in answer.headers
    assert site.base in ask(simulator, "/.webview/script.js").text


def test_every_person_has_cookies_of_their_own(simulator: Simulator, site: Site) -> None:
    assert "Set-Cookie" not in ask(simulator, "/page").headers
    assert ask(simulator, "/tell").json()["headers"]["Cookie"] == "seen=yes"
    assert "Cookie" not in ask(simulator, "/tell", person="bob").json()["headers"]
    simulator.sim("/reset", {"keep_accounts": True})
    assert "Cookie" not in ask(simulator, "/tell").json()["headers"]


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("/next", "/next"),
        ("{site}/next?a=1", "/next?a=1"),
        ("{simulator}/connect/oauth2/authorize?x=1#a", "/connect/oauth2/authorize?x=1#a"),
        ("https://open.weixin.qq.com/connect/oauth2/authorize?x=1", "/connect/oauth2/authorize?x=1"),
        ("https://elsewhere.example.com/", "https://elsewhere.example.com/"),
    ],
)
def test_redirections_stay_in_the_webview(simulator: Simulator, site: Site, to: str, expected: str) -> None:
    target = to.format(site=site.base, simulator=simulator.base)
    assert ask(simulator, f"/go?to={quote(target, safe='')}").headers["Location"] == expected


def test_a_server_that_is_away_is_reported(simulator: Simulator) -> None:
    simulator.sim("/accounts", {"appid": APPID, "callback_url": "http://127.0.0.1:1/callback"})
    assert ask(simulator, "/page").status_code == 502


# --- the consent page


def authorize(site: Site, **changes: str) -> str:
    query = {
        "appid": APPID, "redirect_uri": f"{site.base}/done?next=1", "response_type": "code",
        "scope": "snsapi_base", "state": "abc123", **changes,
    }  # fmt: skip
    return "/connect/oauth2/authorize?" + "&".join(f"{k}={quote(v, safe='')}" for k, v in query.items())


def test_the_openid_alone_is_given_without_asking(simulator: Simulator, site: Site) -> None:
    location = ask(simulator, authorize(site)).headers["Location"]
    assert location.startswith("/done?next=1&code=")
    assert location.endswith("&state=abc123")


@pytest.mark.parametrize(("choice", "with_code"), [("allow", True), ("refuse", False), ("snapshot", True)])
def test_for_the_profile_the_person_is_asked(
    simulator: Simulator, site: Site, choice: str, *, with_code: bool
) -> None:
    path = authorize(site, scope="snsapi_userinfo")
    assert "同意" in ask(simulator, path).text
    answer = ask(simulator, path, method="POST", data={"choice": choice})
    assert ("code=" in answer.headers["Location"]) is with_code


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"appid": ""}, "10012"),
        ({"redirect_uri": ""}, "10011"),
        ({"scope": ""}, "10010"),
        ({"scope": "snsapi_login"}, "10005"),
        ({"redirect_uri": "https://elsewhere.example.com/"}, "10003"),
        ({"state": "a" * 129}, "10013"),
    ],
)
def test_what_is_wrong_is_shown_to_the_person(
    simulator: Simulator, site: Site, changes: dict[str, str], number: str
) -> None:
    answer = ask(simulator, authorize(site, **changes))
    assert answer.status_code == 200
    assert number in answer.text


def test_the_login_of_web_sites_says_that_it_is_not_played(simulator: Simulator, site: Site) -> None:
    path = "/connect/qrconnect?appid=wx1&redirect_uri=x&response_type=code&scope=snsapi_login"
    assert "not played" in ask(simulator, path).text
    assert "not played" in requests.get(simulator.base + path, timeout=60).text


def test_any_other_browser_is_asked_to_use_wechat(simulator: Simulator, site: Site) -> None:
    assert "请在微信客户端打开链接" in requests.get(simulator.base + authorize(site), timeout=60).text
