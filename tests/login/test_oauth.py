import time
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from django.test import Client
from pytest_django import Settings

from accounts.followers import erasing
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.login.conftest import WECHAT, Person, query_of
from wechat.login.models import AllowedSite, BrowserSession, Visitor

pytestmark = pytest.mark.django_db

SHOP = "/h5/demo/shop/7/"


@pytest.fixture(autouse=True)
def _pages(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.login.urls"


def start(slug: str = "demo", next_: str = SHOP, scope: str = "") -> str:
    return f"/wechat/{slug}/oauth/start?next={quote(next_, safe='')}&scope={scope}"


def test_a_page_knows_who_opened_it(person: Person, account: OfficialAccount) -> None:
    shown = person.open_page(f"{SHOP}?a=1")
    visitor = Visitor.objects.get()
    assert shown.content.decode() == f"GET demo {visitor.openid} 7"
    assert (visitor.account, visitor.nickname, visitor.avatar) == (account, "", "")
    # The second time nobody is sent anywhere.
    assert person.request(SHOP).status_code == 200


def test_the_openid_is_the_one_of_the_chat_and_makes_nobody_a_follower(person: Person) -> None:
    person.open_page(SHOP)
    assert not Follower.objects.exists()
    assert Visitor.objects.get().follower is None


def test_nickname_and_avatar_are_there_with_consent_only(person: Person) -> None:
    shown = person.open_page("/h5/demo/club/")
    visitor = Visitor.objects.get()
    assert shown.content.decode() == visitor.nickname != ""
    assert visitor.avatar.startswith("http")
    assert visitor.consented_at is not None
    assert visitor.unionid


def test_the_unionid_of_a_consent_is_the_followers_too(person: Person, account: OfficialAccount) -> None:
    person.open_page(SHOP)
    follower = Follower.objects.create(account=account, openid=Visitor.objects.get().openid)
    person.open_page("/h5/demo/club/")
    follower.refresh_from_db()
    assert follower.unionid == Visitor.objects.get().unionid


def test_who_refuses_stays_unknown_and_may_try_again(person: Person) -> None:
    away = person.request(start(scope="userinfo"))
    shown = person.request(person.consent(away["Location"], "refuse"))
    assert shown.status_code == 403
    assert "oauth/start" in shown.content.decode()
    assert not Visitor.objects.exists()


def test_a_snapshot_makes_nobody(person: Person) -> None:
    away = person.request(start(scope="userinfo"))
    shown = person.request(person.consent(away["Location"], "snapshot"))
    assert "使用完整服务" in shown.content.decode()
    assert not Visitor.objects.exists()


def test_the_addresses_and_the_state_are_as_the_platform_demands(person: Person, settings: Settings) -> None:
    location = person.request(start(scope="userinfo"))["Location"]
    asked = query_of(location)
    assert list(asked) == ["appid", "redirect_uri", "response_type", "scope", "state"]
    assert location.endswith("#wechat_redirect")
    assert asked["redirect_uri"] == f"{settings.PUBLIC_URL}/wechat/demo/oauth/done"
    assert asked["state"].isalnum()
    assert len(asked["state"]) <= 128


# --- return addresses


@pytest.mark.parametrize(
    "address",
    [
        "",
        "shop",
        "//evil.example.com/",
        "/\\evil.example.com/",
        "\\\\evil.example.com/",
        "/\t/evil.example.com/",
        "/a\nb",
        "https://evil.example.com/",
        "https://shop.example.com.evil.com/",
        "https://evil.shop.example.com/",
        "https://shop.example.com@evil.com/",
        "https://shop.example.com:8443/",
        "https://shop.example.com\\@evil.com/",
        "http://shop.example.com/",
        "javascript:alert(1)//shop.example.com",
        "https://",
        "https://[::1",
        "https://shop.example.com:x/",
        "data:text/html,x",
        "/" + "a" * 600,
    ],
)
def test_a_login_leads_nowhere_but_where_it_may(
    person: Person, account: OfficialAccount, settings: Settings, address: str, caplog: Any
) -> None:
    settings.DEBUG = False
    AllowedSite.objects.create(account=account, host="shop.example.com")
    answer = person.request(start(next_=address))
    assert answer.status_code == 400
    assert "Location" not in answer
    assert [record.reason for record in caplog.records if record.msg == "login_refused"] == ["return_address"]


@pytest.mark.parametrize(
    "address",
    ["/h5/demo/shop/7/?a=1#b", "https://shop.example.com/?a=1", "https://SHOP.example.com", "{public}/h5/x/"],
)
def test_our_own_pages_and_listed_sites_are_fine(
    person: Person, account: OfficialAccount, settings: Settings, address: str
) -> None:
    AllowedSite.objects.create(account=account, host="shop.example.com")
    answer = person.request(start(next_=address.format(public=settings.PUBLIC_URL)))
    assert answer.status_code == 302
    assert urlsplit(answer["Location"]).path == "/connect/oauth2/authorize"


def test_the_site_of_another_account_is_not_fine(person: Person) -> None:
    other = OfficialAccount.objects.create(
        slug="other", name="另一个", appid="wxfedcba9876543210", token="othertoken", mode="plain"
    )
    AllowedSite.objects.create(account=other, host="shop.example.com")
    assert person.request(start(next_="https://shop.example.com/")).status_code == 400


@pytest.mark.parametrize("scope", ["snsapi_login", "x"])
def test_an_unknown_scope_is_refused(person: Person, scope: str) -> None:
    assert person.request(start(scope=scope)).status_code == 400


def test_an_unknown_account_has_no_pages(person: Person) -> None:
    assert person.request(start("nobody")).status_code == 404
    assert person.request("/h5/nobody/shop/7/").status_code == 404


# --- coming back


def returned(person: Person) -> str:
    """Returns the address that WeChat sends the browser back to."""
    return person.consent(person.request(start())["Location"])


def changed(address: str, **query: str) -> str:
    parts = urlsplit(address)
    kept = {**query_of(address), **query}
    return f"{parts.path}?" + "&".join(f"{name}={quote(value)}" for name, value in kept.items())


@pytest.mark.parametrize(
    "state", ["", "x", "0" * 64, "é", "a" * 5000, "{nonce}" + "0" * 32, "0" * 32 + "{signature}"]
)
def test_a_forged_state_is_refused(person: Person, state: str, caplog: Any) -> None:
    back = returned(person)
    known = query_of(back)["state"]
    forged = state.format(nonce=known[:32], signature=known[32:])
    assert person.request(changed(back, state=forged)).status_code == 400
    assert [record.reason for record in caplog.records if record.msg == "login_refused"] == ["forged"]
    assert not Visitor.objects.exists()


def test_the_way_back_opened_again_by_somebody_signed_in_goes_on_to_the_page(
    person: Person, settings: Settings
) -> None:
    back = returned(person)
    first = person.request(back)
    again = person.request(back)
    assert again["Location"] == first["Location"] == f"{settings.PUBLIC_URL}{SHOP}"
    assert BrowserSession.objects.count() == 1


def test_a_state_signs_in_once_and_then_leads_to_a_fresh_start(person: Person) -> None:
    back = returned(person)
    person.request(back)
    del person.browser.cookies[f"wc_visitor_{Visitor.objects.get().account_id}"]
    again = person.request(back)
    assert urlsplit(again["Location"]).path == "/connect/oauth2/authorize"
    assert BrowserSession.objects.count() == 1
    assert person.open_page(person.consent(again["Location"])).status_code == 200


def test_the_way_back_to_another_site_opened_again_sets_out_anew(
    person: Person, account: OfficialAccount
) -> None:
    AllowedSite.objects.create(account=account, host="shop.example.com")
    back = person.consent(person.request(start(next_="https://shop.example.com/"))["Location"])
    first, again = person.request(back), person.request(back)
    assert first["Location"].startswith("https://shop.example.com/?login_code=")
    assert urlsplit(again["Location"]).path == "/connect/oauth2/authorize"


def test_a_state_is_bound_to_the_browser(person: Person, caplog: Any) -> None:
    """Otherwise somebody could sign a victim's browser in as himself."""
    back = returned(person)
    victim = Person(person.simulated, "victim")
    assert victim.request(back).status_code == 400
    assert [record.reason for record in caplog.records if record.msg == "login_refused"] == ["browser"]
    assert person.request(back).status_code == 302


def test_a_state_of_one_account_is_nothing_to_another(person: Person) -> None:
    OfficialAccount.objects.create(
        slug="other", name="另一个", appid="wxfedcba9876543210", token="othertoken", mode="plain"
    )
    assert person.request(returned(person).replace("/demo/", "/other/")).status_code == 400


def test_a_state_is_good_for_ten_minutes(person: Person) -> None:
    back = returned(person)
    with time_machine.travel(601 + time.time()):
        assert urlsplit(person.request(back)["Location"]).path == "/connect/oauth2/authorize"
    assert not Visitor.objects.exists()


def test_two_tabs_may_be_on_their_way_at_once(person: Person) -> None:
    first, second = returned(person), returned(person)
    assert person.request(first).status_code == person.request(second).status_code == 302


def test_a_code_that_is_worth_nothing_leads_to_one_fresh_start(person: Person) -> None:
    back = returned(person)
    again = person.request(changed(back, code="nonsense"))
    assert urlsplit(again["Location"]).path == "/connect/oauth2/authorize"
    once_more = person.request(changed(person.consent(again["Location"]), code="nonsense"))
    assert once_more.status_code == 502
    assert "40029" in once_more.content.decode()


def test_a_used_code_leads_to_a_fresh_start_that_works(person: Person) -> None:
    first = returned(person)
    used = query_of(first)["code"]
    person.request(first)
    person.browser.cookies.clear()
    shown = person.open_page(changed(returned(person), code=used))
    assert shown.status_code == 200


def test_while_wechat_does_not_answer_nobody_comes_in(person: Person, settings: Settings) -> None:
    back = returned(person)
    settings.WECHAT_API_BASE = "http://127.0.0.1:1"
    assert person.request(back).status_code == 503


def test_who_tries_too_often_is_held_up(person: Person) -> None:
    answers = {person.request(start()).status_code for _ in range(230)}
    assert answers == {302, 429}


def test_a_day_of_many_logins_leaves_few_cookies_for_the_proxy_to_carry(person: Person) -> None:
    for _ in range(12):
        assert person.request(returned(person)).status_code == 302
    kept = [
        name for name, cookie in person.browser.cookies.items() if name[:8] == "wc_oauth" and cookie.value
    ]
    assert len(kept) <= 6


# --- the session of a page


def test_a_session_is_for_one_account(person: Person, account: OfficialAccount) -> None:
    other = OfficialAccount.objects.create(
        slug="other", name="另一个", appid="wxfedcba9876543210", token="othertoken", mode="plain"
    )
    person.open_page(SHOP)
    ours = person.browser.cookies[f"wc_visitor_{account.pk}"].value
    person.browser.cookies[f"wc_visitor_{other.pk}"] = ours
    assert person.request("/h5/other/shop/7/").status_code == 302


@pytest.mark.parametrize("cookie", ["", "1.0", "1.0:x:y", "é", "1:2:3:4:5"])
def test_a_forged_session_is_none(person: Person, account: OfficialAccount, cookie: str) -> None:
    person.open_page(SHOP)
    person.browser.cookies[f"wc_visitor_{account.pk}"] = cookie
    assert person.request(SHOP).status_code == 302


def test_a_session_ends_when_the_person_is_erased(person: Person, account: OfficialAccount) -> None:
    person.open_page(SHOP)
    erasing.erase(Follower(account=account, openid=Visitor.objects.get().openid))
    assert person.request(SHOP).status_code == 302


def test_a_visitors_session_is_nothing_in_the_console(person: Person) -> None:
    person.open_page(SHOP)
    assert person.request("/admin/").status_code == 302


def test_what_is_sent_without_a_session_is_not_carried_out(person: Person) -> None:
    assert person.browser.post(SHOP).status_code == 401


def test_outside_wechat_a_code_is_shown(person: Person) -> None:
    location = Client().get(SHOP)["Location"]
    assert location == f"/h5/demo/login/?next={quote(SHOP, safe='')}"
    assert Client(headers={"User-Agent": WECHAT}).get(SHOP)["Location"].startswith("/wechat/demo/oauth/start")


def test_outside_wechat_nobody_can_consent(person: Person) -> None:
    assert Client().get("/h5/demo/club/").status_code == 403


@pytest.mark.parametrize(
    ("nickname", "shown"), [("\\ud83d半", "半"), ("a\\u0000b", "ab"), ("a\\u0014b", "ab")]
)
def test_a_nickname_with_characters_that_are_none_keeps_nobody_out(
    person: Person, nickname: str, shown: str
) -> None:
    person.open_page(SHOP)
    openid = Visitor.objects.get().openid
    response = f'{{"openid":"{openid}","nickname":"{nickname}","sex":1,"headimgurl":"","privilege":[]}}'
    person.simulated.sim("/faults", {"api": "/sns/userinfo", "answer": response, "times": 1})
    page = person.open_page("/h5/demo/club/")
    assert (page.status_code, page.content.decode()) == (200, shown)
    assert Visitor.objects.get().nickname == shown


def test_what_an_answer_leaves_empty_is_nobodys_name_or_unionid(person: Person) -> None:
    person.open_page(SHOP)
    openid = Visitor.objects.get().openid
    response = f'{{"openid":"{openid}","nickname":null,"headimgurl":null,"unionid":null,"privilege":null}}'
    person.simulated.sim("/faults", {"api": "/sns/userinfo", "answer": response, "times": 1})
    Visitor.objects.update(unionid="")
    assert person.open_page("/h5/demo/club/").status_code == 200
    visitor = Visitor.objects.get()
    assert (visitor.nickname, visitor.avatar, visitor.consented_at is not None) == ("", "", True)
    assert visitor.unionid != "None"


@pytest.mark.parametrize("mark", ['"1"', "true", "1.0"])
def test_a_snapshot_makes_nobody_however_the_answer_marks_it(person: Person, mark: str) -> None:
    response = f'{{"access_token":"t","openid":"oVirtual","scope":"snsapi_base","is_snapshotuser":{mark}}}'
    person.simulated.sim("/faults", {"api": "/sns/oauth2/access_token", "answer": response, "times": 1})
    assert person.open_page(SHOP).status_code == 200
    assert not Visitor.objects.exists()
