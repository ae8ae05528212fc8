"""Erasing a person ends their logins; nothing that tells who it was stays."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.followers import erasing
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.cast import Cast, message, signed_in
from tests.locks import met_by
from tests.login.conftest import Person
from wechat.inbox import reacting
from wechat.login import tokens, visitors
from wechat.login.models import LoginSession, ScanLogin, Visitor
from wechat.sdk.calls import miniprogram, oauth

pytestmark = pytest.mark.django_db

OPENID = "oVisitor"


@pytest.fixture
def visitor(account: OfficialAccount) -> Visitor:
    ScanLogin.objects.create(
        account=account, scene="login_1", browser="b", number="42", openid=OPENID, return_to="/",
        expires_at="2100-01-01T00:00:00Z",
    )  # fmt: skip
    return visitors.logged_in(account, OPENID, "oUnion", phone="13800138000")


def ends(access: str) -> int:
    return Client(headers={"Authorization": f"Bearer {access}"}).get("/api/v1/me/").status_code


def test_erasing_a_follower_erases_the_visitor_and_refuses_their_tokens(
    visitor: Visitor, account: OfficialAccount, staff: Cast
) -> None:
    access = tokens.start(visitor, LoginSession.Kind.WEB).access
    follower = Follower.objects.create(account=account, openid=OPENID)
    assert ends(access) == 200
    page = signed_in(staff.owner).get(f"/admin/followers/follower/{follower.pk}/erase/").content.decode()
    assert "登录" in page
    erasing.erase(follower)
    assert ends(access) == 401
    assert not Visitor.objects.exists()
    assert not ScanLogin.objects.exists()


def test_a_login_that_was_under_way_before_the_erasing_begins_anew(
    person: Person, account: OfficialAccount, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.login.urls"
    page = "/h5/demo/club/"
    person.open_page(page)
    openid = Visitor.objects.get().openid
    person.browser.cookies.clear()
    away = person.request(person.request(page)["Location"])
    back = person.consent(away["Location"])
    erasing.erase(Follower(account=account, openid=openid))
    again = person.request(back)
    assert urlsplit(again["Location"]).path == "/connect/oauth2/authorize"
    assert not Visitor.objects.exists()
    assert person.open_page(person.consent(again["Location"])).status_code == 200
    assert Visitor.objects.get().nickname


def test_nor_does_the_profile_that_was_being_asked_for_meanwhile_come_back(
    person: Person, account: OfficialAccount, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ROOT_URLCONF = "tests.login.urls"
    asked = oauth.profile

    def erased_meanwhile(*given: Any) -> oauth.Profile:
        profile = asked(*given)
        erasing.erase(Follower(account=account, openid=profile.openid))
        return profile

    away = person.request(person.request("/h5/demo/club/")["Location"])
    back = person.consent(away["Location"])
    monkeypatch.setattr(oauth, "profile", erased_meanwhile)
    assert urlsplit(person.request(back)["Location"]).path == "/connect/oauth2/authorize"
    assert not Visitor.objects.exists()


def test_a_mini_program_login_that_was_under_way_makes_nobody_known_again(
    person: Person, mini: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = miniprogram.login

    def erased_meanwhile(*given: Any) -> miniprogram.Session:
        session = asked(*given)
        erasing.erase(Follower(account=mini, openid=session.openid))
        return session

    monkeypatch.setattr(miniprogram, "login", erased_meanwhile)
    given = {"account": "mini", "code": person.from_the_phone(mini.appid, "login")}
    address = "/api/v1/auth/miniprogram/"
    answer = Client().post(address, given, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_code")
    assert not Visitor.objects.exists()


@pytest.mark.parametrize("call", ["open_data", "phone_number"])
def test_nor_does_a_profile_or_number_that_a_mini_program_was_giving_meanwhile(
    person: Person, mini: OfficialAccount, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    given = {"account": "mini", "code": person.from_the_phone(mini.appid, "login")}
    address = "/api/v1/auth/miniprogram/"
    access = Client().post(address, given, content_type="application/json").json()["access_token"]
    openid, asked = Visitor.objects.get().openid, getattr(miniprogram, call)

    def erased_meanwhile(*given: Any) -> Any:
        found = asked(*given)
        erasing.erase(Follower(account=mini, openid=openid))
        return found

    monkeypatch.setattr(miniprogram, call, erased_meanwhile)
    what = "profile" if call == "open_data" else "phone"
    sent: Any = person.from_the_phone(mini.appid, what)
    sent = sent if what == "profile" else {"code": sent}
    bearer = Client(headers={"Authorization": f"Bearer {access}"})
    answer = bearer.post(f"{address}{what}/", sent, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_session")
    assert not Visitor.objects.exists()


def test_what_was_agreed_to_before_following_is_the_followers_too(
    person: Person, account: OfficialAccount, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.login.urls"
    person.open_page("/h5/demo/club/")
    visitor = Visitor.objects.get()
    reacting.react_to([message(account, "你好", openid=visitor.openid)])
    follower = Follower.objects.get(openid=visitor.openid)
    assert (follower.nickname, follower.unionid) == (visitor.nickname, visitor.unionid)
    assert (follower.avatar_url, follower.consented_at) == (visitor.avatar, visitor.consented_at)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("first", ["the login", "the follow"])
def test_who_follows_at_the_moment_of_their_first_login_is_known_by_name(
    person: Person, account: OfficialAccount, settings: Settings, first: str
) -> None:
    settings.ROOT_URLCONF = "tests.login.urls"
    person.open_page("/h5/demo/club/")
    known = Visitor.objects.get()
    known.delete()
    person.browser.cookies.clear()
    followed = message(account, "你好", openid=known.openid, handled_at=None)

    def log_in() -> None:
        person.open_page("/h5/demo/club/")

    def follow() -> None:
        reacting.react_to([followed])

    met_by(*((log_in, follow) if first == "the login" else (follow, log_in)))
    assert Follower.objects.get(openid=known.openid).nickname == known.nickname


@pytest.mark.django_db(transaction=True)
def test_who_follows_at_the_moment_in_which_they_take_their_consent_back_is_not_known_by_name(
    visitor: Visitor, account: OfficialAccount
) -> None:
    Visitor.objects.update(nickname="林小满", consented_at=timezone.now())
    followed = message(account, "你好", openid=OPENID, handled_at=None)
    met_by(
        lambda: visitors.forget_profile(account, OPENID),
        lambda: reacting.react_to([followed]),
    )
    assert Follower.objects.get(openid=OPENID).nickname == ""


def test_a_consent_that_was_taken_back_meanwhile_is_not_handed_over(
    person: Person, account: OfficialAccount, settings: Settings
) -> None:
    settings.ROOT_URLCONF = "tests.login.urls"
    person.open_page("/h5/demo/club/")
    visitor = Visitor.objects.get()
    visitors.forget_profile(account, visitor.openid)
    reacting.react_to([message(account, "你好", openid=visitor.openid)])
    follower = Follower.objects.get(openid=visitor.openid)
    assert (follower.nickname, follower.consented_at) == ("", None)


def test_staff_erase_a_visitor_who_never_followed(
    visitor: Visitor, account: OfficialAccount, staff: Cast
) -> None:
    access = tokens.start(visitor, LoginSession.Kind.WEB).access
    client, page = signed_in(staff.owner), f"/admin/login/visitor/{visitor.pk}/"
    assert f"{page}erase/" in client.get(f"{page}change/").content.decode()
    assert "登录" in client.get(f"{page}erase/").content.decode()
    assert client.post(f"{page}erase/", {"word": "清除"}, follow=True).status_code == 200
    assert ends(access) == 401
    assert not Visitor.objects.exists()
    late = message(account, "秘密", openid=OPENID, sent_at="2026-01-01T00:00:00Z")
    late.refresh_from_db()
    reacting.react_to([late])
    assert not Follower.objects.exists()


def test_the_visitor_of_another_account_who_is_the_same_person_is_told_of(
    visitor: Visitor, account: OfficialAccount, staff: Cast
) -> None:
    visitors.logged_in(staff.theirs, "oThere", "oUnion")
    follower = Follower.objects.create(account=account, openid=OPENID, unionid="oUnion")
    page = f"/admin/followers/follower/{follower.pk}/erase/"
    assert staff.theirs.name in signed_in(staff.superuser).get(page).content.decode()


def test_a_closed_wechat_account_is_erased_though_it_never_followed(
    visitor: Visitor, account: OfficialAccount
) -> None:
    tokens.start(visitor, LoginSession.Kind.MINIPROGRAM)
    other = visitors.logged_in(account, "oOther")
    name = "user_authorization_cancellation"
    body = (
        "<xml><ToUserName>gh</ToUserName><FromUserName>oPlatformHelper</FromUserName>"
        "<CreateTime>1764000000</CreateTime><MsgType>event</MsgType>"
        f"<Event>{name}</Event><OpenID>{OPENID}</OpenID><AppID>wx</AppID></xml>"
    )
    reacting.react_to([message(account, body=body, openid="oPlatformHelper", kind="event", event=name)])
    assert list(Visitor.objects.all()) == [other]
    assert not LoginSession.objects.exists()
    assert not Follower.objects.filter(openid=OPENID).exists()
