from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.login.conftest import Person
from wechat.login.models import AllowedSite
from wechat.sdk import jssdk

pytestmark = pytest.mark.django_db


def config(url: str, account: str = "demo") -> Any:
    return Client().get(f"/api/v1/jssdk/?account={account}&url={quote(url, safe='')}")


def test_a_page_gets_what_wx_config_needs(
    person: Person, account: OfficialAccount, settings: Settings
) -> None:
    url = f"{settings.PUBLIC_URL}/h5/demo/shop/7/?b=2&a=%E5%95%86"
    given = config(f"{url}#/order/7").json()
    known = person.simulated.get("/state")["accounts"][account.appid]
    ticket = known["tokens"]["tickets"]["jsapi"]["value"]
    expected = jssdk.signature(ticket, given["nonceStr"], given["timestamp"], url)
    assert (given["appId"], given["signature"]) == (account.appid, expected)


def test_the_ticket_is_fetched_once_for_all(person: Person, settings: Settings) -> None:
    nonces = {config(f"{settings.PUBLIC_URL}/").json()["nonceStr"] for _ in range(3)}
    assert len(nonces) == 3
    assert person.simulated.get("/calls")["counts"]["/cgi-bin/ticket/getticket"] == 1


def test_the_pages_of_login_sites_may_read_it(person: Person, account: OfficialAccount) -> None:
    AllowedSite.objects.create(account=account, host="shop.example.com")
    answer = config("https://shop.example.com/a")
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, "*")


@pytest.mark.parametrize("url", ["", "/h5/demo/", "https://evil.example.com/", "https://a@shop.example.com/"])
def test_other_pages_get_nothing(person: Person, account: OfficialAccount, url: str, caplog: Any) -> None:
    AllowedSite.objects.create(account=account, host="shop.example.com")
    answer = config(url)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "address_not_allowed")
    assert "jssdk_refused" in [record.msg for record in caplog.records]


def test_an_account_of_nobody_signs_nothing(person: Person) -> None:
    assert config("https://shop.example.com/", "nobody").status_code == 404
