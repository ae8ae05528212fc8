"""The pages that staff, and followers in WeChat, see when something is refused, missing or broken."""

import pytest
from django.test import Client
from django.urls import reverse

from config import outages
from tests.cast import Cast, signed_in
from wechat.kernel import outage_errors

pytestmark = pytest.mark.django_db

OVERVIEW = 'href="/admin/"'


def words(client: Client, path: str, language: str = "zh-hans", **headers: str) -> str:
    return client.get(path, headers={"Accept-Language": language, **headers}).content.decode()


def test_staff_are_led_on_from_an_address_with_nothing(staff: Cast) -> None:
    shown = words(signed_in(staff.owner), "/admin/nothing/")
    assert "找不到页面" in shown
    assert OVERVIEW in shown
    assert "Not found" in words(signed_in(staff.owner), "/admin/nothing/", "en")


@pytest.mark.parametrize("path", ["/h5/demo/nothing/", "/l/1-forged", "/wechat/demo/nothing"])
def test_followers_are_led_back_to_the_official_account(path: str) -> None:
    shown = words(Client(), path)
    assert "请回到公众号" in shown
    assert OVERVIEW not in shown
    assert "from the official account" in words(Client(), path, "en")


def test_a_form_that_was_open_for_too_long_says_so_to_each(staff: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert OVERVIEW in client.post("/admin/login/", {}).content.decode()
    refused = client.post("/h5/demo/shop/1/buy/", {}, headers={"User-Agent": "MicroMessenger"})
    assert refused.status_code == 403
    assert "页面打开太久" in refused.content.decode()
    assert OVERVIEW not in refused.content.decode()


def test_only_whoever_sent_a_form_hears_that_it_is_kept(staff: Cast) -> None:
    client, page = signed_in(staff.editor), "/admin/official/officialaccount/add/"
    followed, sent = client.get(page), client.post(page, {"name": "新号"})
    assert (followed.status_code, sent.status_code) == (403, 403)
    assert "仍在表单里" not in followed.content.decode()
    assert "仍在表单里" in sent.content.decode()


def test_a_wrong_address_of_the_server_says_what_to_do() -> None:
    refused = Client().get(reverse("admin:login"), headers={"Host": "elsewhere.example"})
    assert refused.status_code == 400
    assert "ALLOWED_HOSTS" in refused.content.decode()


def test_followers_hear_of_no_server_that_is_away() -> None:
    shown = outages.answer("/h5/demo/shop/1/", outage_errors.POSTGRES).content.decode()
    assert "页面暂时无法打开" in shown
    assert "This page cannot be shown now" in shown
    assert "Postgre" not in shown
    assert "Postgre" in outages.answer("/admin/", outage_errors.POSTGRES).content.decode()


def test_a_broken_page_keeps_the_server_from_followers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.shop.access.account_at", lambda slug: 1 / 0)
    broken = Client(raise_request_exception=False).get("/h5/demo/shop/1/")
    assert (broken.status_code, "出错了" in broken.content.decode()) == (500, True)
    assert "服务器日志" not in broken.content.decode()
    assert OVERVIEW not in broken.content.decode()
