import datetime
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings as project
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.official.models import OfficialAccount
from tests.login.conftest import Person
from tests.signed import error_code
from wechat.kernel import work
from wechat.login import browser, tokens, visitors
from wechat.login.expiry import FORGETTING
from wechat.login.models import LoginSession, SigningKey, Visitor
from wechat.login.tokens import BadToken

pytestmark = pytest.mark.django_db

WEB, MINI = LoginSession.Kind.WEB, LoginSession.Kind.MINIPROGRAM
AUTH = "/api/v1/auth/"
ME = "/api/v1/me/"
LATER = datetime.timedelta(seconds=11)


@pytest.fixture
def visitor(account: OfficialAccount) -> Visitor:
    return visitors.logged_in(account, "oVisitor")


@pytest.fixture
def page(visitor: Visitor) -> Client:
    """A browser whose visitor is signed in to our pages, as a script of such a page uses it."""
    client = Client(headers={"Origin": project.PUBLIC_URL})
    kept = HttpResponse()
    browser.sign_in(kept, visitor)
    client.cookies.update(kept.cookies)
    return client


def post(client: Client, path: str, body: Any, **headers: str) -> Any:
    return client.post(AUTH + path, body, "application/json", headers=headers)


def me(access: str) -> Any:
    return Client().get(ME, headers={"Authorization": f"Bearer {access}"})


# --- access tokens


def test_an_access_token_says_who_for_a_quarter_of_an_hour(visitor: Visitor) -> None:
    access = tokens.start(visitor, MINI).access
    assert me(access).json()["openid"] == "oVisitor"
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=15, seconds=1)):
        answer = me(access)
    assert (answer.status_code, error_code(answer), answer["WWW-Authenticate"]) == (
        401,
        "expired_token",
        "Bearer",
    )


def test_a_server_whose_clock_is_behind_takes_a_token_that_another_one_has_just_issued(
    visitor: Visitor,
) -> None:
    access = tokens.start(visitor, MINI).access
    with time_machine.travel(timezone.now() - datetime.timedelta(seconds=2)):
        assert me(access).status_code == 200


def test_while_the_account_is_switched_off_its_tokens_are_good_for_nothing(visitor: Visitor) -> None:
    given = tokens.start(visitor, MINI)
    OfficialAccount.objects.update(enabled=False)
    refused = post(Client(), "refresh/", {"refresh_token": given.refresh})
    assert (me(given.access).status_code, refused.status_code) == (401, 401)
    OfficialAccount.objects.update(enabled=True)
    assert me(given.access).status_code == 200
    assert post(Client(), "refresh/", {"refresh_token": given.refresh}).status_code == 200


def test_without_a_token_nobody_is_told_anything(visitor: Visitor) -> None:
    answer = Client().get(ME)
    assert (answer.status_code, error_code(answer)) == (401, "not_authenticated")


def _claims(access: str) -> dict[str, Any]:
    return dict(jwt.decode(access, options={"verify_signature": False}))


def test_whoever_has_tokens_that_no_key_opens_any_more_signs_in_again(
    visitor: Visitor, settings: Settings
) -> None:
    given = tokens.start(visitor, MINI)
    settings.FIELD_ENCRYPTION_KEYS = {"other": bytes(32)}
    answer = me(given.access)
    assert (answer.status_code, error_code(answer)) == (401, "invalid_token")
    with pytest.raises(BadToken, match="invalid_token"):
        tokens.refreshed(given.refresh)
    assert me(tokens.start(visitor, MINI).access).json()["openid"] == "oVisitor"


KINDS = ["nonsense", "wild_kid", "unsigned", "other_key", "other_kid", "audience", "issuer", "no_exp"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_access_token_is_refused(visitor: Visitor, kind: str) -> None:
    good = tokens.start(visitor, MINI).access
    key = SigningKey.objects.get()
    claims, head = _claims(good), {"kid": key.kid}
    without = {name: value for name, value in claims.items() if name != "exp"}
    forged = {
        "nonsense": "a.b.c",
        "unsigned": jwt.encode(claims, "", "none", headers=head),
        "other_key": jwt.encode(claims, "x" * 40, "HS256", headers=head),
        "wild_kid": jwt.encode(claims, key.secret, "HS256", headers={"kid": "\x00"}),
        "other_kid": jwt.encode(claims, key.secret, "HS256", headers={"kid": "nobody"}),
        "audience": jwt.encode({**claims, "aud": "staff"}, key.secret, "HS256", headers=head),
        "issuer": jwt.encode({**claims, "iss": "https://evil"}, key.secret, "HS256", headers=head),
        "no_exp": jwt.encode(without, key.secret, "HS256", headers=head),
    }[kind]
    answer = me(forged)
    assert (answer.status_code, error_code(answer)) == (401, "invalid_token")


def test_keys_take_turns_and_the_former_still_verifies(visitor: Visitor) -> None:
    session = tokens.start(visitor, MINI).session
    SigningKey.objects.update(created_at=timezone.now() - datetime.timedelta(days=31))
    former = SigningKey.objects.get()
    access = tokens.access_token(session)
    assert SigningKey.objects.count() == 2
    assert jwt.get_unverified_header(access)["kid"] != former.kid
    assert tokens.session_of(access) == session
    old = jwt.encode(_claims(access), former.secret, "HS256", headers={"kid": former.kid})
    assert tokens.session_of(old) == session


def test_no_secret_of_a_session_or_key_is_kept_in_the_clear(visitor: Visitor) -> None:
    tokens.start(visitor, MINI)
    secret, key = LoginSession.objects.get().secret, SigningKey.objects.get().secret
    with connection.cursor() as cursor:
        cursor.execute("SELECT l.secret, k.secret FROM login_loginsession l, login_signingkey k")
        stored = cursor.fetchone()
    assert secret.encode() not in bytes(stored[0])
    assert key.encode() not in bytes(stored[1])


# --- refresh tokens


def test_a_refresh_token_is_spent_for_the_next(visitor: Visitor) -> None:
    first = tokens.start(visitor, MINI)
    second = tokens.refreshed(first.refresh)
    third = tokens.refreshed(second.refresh)
    assert len({first.refresh, second.refresh, third.refresh}) == 3
    assert tokens.session_of(third.access) == first.session


def test_a_spent_refresh_token_ends_the_whole_session(visitor: Visitor, caplog: Any) -> None:
    first = tokens.start(visitor, MINI)
    second = tokens.refreshed(first.refresh)
    with pytest.raises(BadToken, match="reused_token"):
        tokens.refreshed(first.refresh)
    with pytest.raises(BadToken, match="ended"):
        tokens.refreshed(second.refresh)
    with pytest.raises(BadToken, match="ended"):
        tokens.session_of(second.access)
    assert LoginSession.objects.get().ended_by == LoginSession.End.REUSE
    assert [record.msg for record in caplog.records] == ["refresh_token_reused"]


def test_an_other_session_of_the_same_person_goes_on(visitor: Visitor) -> None:
    stolen, other = tokens.start(visitor, MINI), tokens.start(visitor, MINI)
    tokens.refreshed(stolen.refresh)
    with pytest.raises(BadToken):
        tokens.refreshed(stolen.refresh)
    assert tokens.refreshed(other.refresh)


@pytest.mark.parametrize(
    "form", ["", "x", "{sid}", "{sid}.1.{zeros}", "{sid}.2.{mac}", "{other}.1.{mac}", "é.1.a"]
)
def test_a_forged_refresh_token_is_refused_and_ends_nothing(visitor: Visitor, form: str) -> None:
    good = tokens.start(visitor, MINI).refresh
    sid, _number, mac = good.split(".")
    with pytest.raises(BadToken, match="invalid_token"):
        tokens.refreshed(form.format(sid=sid, mac=mac, zeros="0" * 64, other="0" * 32))
    assert tokens.refreshed(good)


def test_a_refresh_token_is_good_for_seven_days_after_its_making(visitor: Visitor) -> None:
    refresh = tokens.start(visitor, MINI).refresh
    week = datetime.timedelta(days=7)
    with time_machine.travel(timezone.now() + week - LATER):
        refresh = tokens.refreshed(refresh).refresh
    with time_machine.travel(timezone.now() + 2 * week), pytest.raises(BadToken, match="expired_token"):
        tokens.refreshed(refresh)


def test_two_tabs_at_once_do_not_end_the_session(visitor: Visitor) -> None:
    first = tokens.start(visitor, WEB)
    second = tokens.refreshed(first.refresh)
    late = tokens.refreshed(first.refresh)
    assert (late.refresh, late.session) == ("", first.session)
    assert tokens.refreshed(second.refresh)


def test_the_grace_of_tabs_is_short_and_for_the_last_token_only(visitor: Visitor) -> None:
    first = tokens.start(visitor, WEB)
    second = tokens.refreshed(first.refresh)
    with time_machine.travel(timezone.now() + LATER), pytest.raises(BadToken, match="reused_token"):
        tokens.refreshed(first.refresh)
    again = tokens.start(visitor, WEB)
    tokens.refreshed(tokens.refreshed(again.refresh).refresh)
    with pytest.raises(BadToken, match="reused_token"):
        tokens.refreshed(again.refresh)
    assert second.session.pk != again.session.pk


# --- in a browser


def test_in_a_browser_the_refresh_token_is_out_of_scripts_reach(
    page: Client, account: OfficialAccount
) -> None:
    answer = post(page, "web/", {"account": "demo"})
    assert me(answer.json()["access_token"]).status_code == 200
    assert "refresh_token" not in answer.json()
    cookie = answer.cookies[f"wc_refresh_{account.pk}"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", AUTH)
    assert int(cookie["max-age"]) == 7 * 86_400
    before = cookie.value
    refreshed = post(page, "refresh/", {"account": "demo"})
    assert me(refreshed.json()["access_token"]).status_code == 200
    assert refreshed.cookies[f"wc_refresh_{account.pk}"].value != before


def test_behind_https_the_cookies_are_secure(
    page: Client, account: OfficialAccount, settings: Settings
) -> None:
    settings.SECURE_PROXY = True
    cookie = post(page, "web/", {"account": "demo"}).cookies[f"wc_refresh_{account.pk}"]
    assert cookie["secure"]


@pytest.mark.parametrize("path", ["web/", "refresh/", "logout/"])
@pytest.mark.parametrize("origin", ["", "https://evil.example.com", "null"])
def test_another_site_cannot_use_the_cookies(page: Client, path: str, origin: str, caplog: Any) -> None:
    post(page, "web/", {"account": "demo"})
    answer = post(page, path, {"account": "demo"}, Origin=origin)
    assert (answer.status_code, error_code(answer)) == (403, "cross_site")
    assert LoginSession.objects.get().ended_at is None
    assert "cross_site_refused" in [record.msg for record in caplog.records]


def test_a_form_of_another_site_is_no_json(page: Client) -> None:
    answer = page.post(f"{AUTH}web/", {"account": "demo"})
    assert answer.status_code == 415


def test_without_a_page_session_there_are_no_tokens(account: OfficialAccount) -> None:
    client = Client(headers={"Origin": project.PUBLIC_URL})
    for path in ("web/", "refresh/", "logout/"):
        answer = post(client, path, {"account": "demo"})
        assert (answer.status_code, error_code(answer)) == (401, "not_authenticated")


def test_after_logging_out_nothing_works_any_more(page: Client) -> None:
    access = post(page, "web/", {"account": "demo"}).json()["access_token"]
    assert post(page, "logout/", {"account": "demo"}).status_code == 204
    assert error_code(me(access)) == "ended"
    assert post(page, "refresh/", {"account": "demo"}).status_code == 401
    assert post(page, "web/", {"account": "demo"}).status_code == 401


def copied(page: Client, account: OfficialAccount) -> Client:
    """Returns another person's browser with a copy of the cookie of our pages."""
    thief, name = Client(), f"wc_visitor_{account.pk}"
    thief.cookies[name] = page.cookies[name].value
    return thief


def opens(page: Client, settings: Settings) -> bool:
    """Returns whether our pages know this browser."""
    settings.ROOT_URLCONF = "tests.login.urls"
    shown = page.get("/h5/demo/shop/7/").status_code
    settings.ROOT_URLCONF = "config.urls"
    return bool(shown == 200)


def test_logging_out_ends_every_copy_of_the_cookies_and_every_tabs_session(
    page: Client, account: OfficialAccount, settings: Settings
) -> None:
    thief = copied(page, account)
    tab = post(page, "web/", {"account": "demo"}).json()["access_token"]
    other_tab = post(page, "web/", {"account": "demo"}).json()["access_token"]
    assert opens(thief, settings)
    assert post(page, "logout/", {"account": "demo"}).status_code == 204
    assert not opens(thief, settings)
    assert me(tab).status_code == me(other_tab).status_code == 401
    assert post(thief, "web/", {"account": "demo"}, origin=project.PUBLIC_URL).status_code == 401


def test_logging_out_of_one_browser_leaves_the_other_signed_in(
    page: Client, visitor: Visitor, settings: Settings
) -> None:
    kept = HttpResponse()
    browser.sign_in(kept, visitor)
    telephone = Client()
    telephone.cookies.update(kept.cookies)
    post(page, "web/", {"account": "demo"})
    post(page, "logout/", {"account": "demo"})
    assert opens(telephone, settings)


def test_a_page_that_never_asked_for_tokens_can_log_out(
    page: Client, account: OfficialAccount, settings: Settings
) -> None:
    thief = copied(page, account)
    assert post(page, "logout/", {"account": "demo"}).status_code == 204
    assert not opens(thief, settings)


def test_an_old_refresh_token_that_comes_back_ends_the_cookie_of_the_page(
    page: Client, account: OfficialAccount, settings: Settings
) -> None:
    thief, name = copied(page, account), f"wc_refresh_{account.pk}"
    post(page, "web/", {"account": "demo"})
    thief.cookies[name] = page.cookies[name].value
    assert post(page, "refresh/", {"account": "demo"}).status_code == 200
    with time_machine.travel(timezone.now() + LATER):
        answer = post(thief, "refresh/", {"account": "demo"}, origin=project.PUBLIC_URL)
        assert error_code(answer) == "reused_token"
        assert not opens(page, settings)
        assert not opens(thief, settings)


def test_a_mini_program_logs_out_with_its_token(visitor: Visitor) -> None:
    given = tokens.start(visitor, MINI)
    for _ in range(2):
        assert post(Client(), "logout/", {"refresh_token": given.refresh}).status_code == 204
    assert error_code(post(Client(), "refresh/", {"refresh_token": given.refresh})) == "ended"
    assert post(Client(), "logout/", {"refresh_token": "nonsense"}).status_code == 204


@pytest.mark.parametrize("path", ["refresh/", "logout/"])
def test_the_session_of_one_account_is_nothing_to_another(
    visitor: Visitor, mini: OfficialAccount, path: str, caplog: Any
) -> None:
    given = tokens.start(visitor, MINI)
    answer = post(Client(), path, {"refresh_token": given.refresh, "account": "mini"})
    assert (answer.status_code, error_code(answer)) == (401, "invalid_token")
    assert LoginSession.objects.get().ended_at is None
    assert "session_of_another_account" in [record.msg for record in caplog.records]


def test_the_refresh_cookie_of_one_account_is_nothing_to_another(
    page: Client, account: OfficialAccount, mini: OfficialAccount
) -> None:
    post(page, "web/", {"account": "demo"})
    page.cookies[f"wc_refresh_{mini.pk}"] = page.cookies[f"wc_refresh_{account.pk}"].value
    assert post(page, "refresh/", {"account": "mini"}).status_code == 401
    assert post(page, "refresh/", {"account": "demo"}).status_code == 200


def test_what_is_over_is_forgotten_a_day_later(visitor: Visitor) -> None:
    tokens.start(visitor, MINI)
    assert not FORGETTING.is_due()
    with time_machine.travel(timezone.now() + datetime.timedelta(days=8, seconds=1)):
        assert FORGETTING.is_due()
        assert work.run("login.forget") == 1
        assert not FORGETTING.is_due()


# --- mini programs


def logged_in(person: Person, account: OfficialAccount) -> dict[str, Any]:
    given = {"account": account.slug, "code": person.from_the_phone(account.appid, "login")}
    answer = post(Client(), "miniprogram/", given)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_a_mini_program_logs_in_and_never_sees_the_session_key(person: Person, mini: OfficialAccount) -> None:
    given = logged_in(person, mini)
    visitor = Visitor.objects.get()
    assert set(given) == {"access_token", "expires_in", "refresh_token"}
    assert visitor.session_key
    shown = me(given["access_token"])
    assert shown.json()["unionid"]
    assert visitor.session_key not in shown.content.decode()
    renewed = post(Client(), "refresh/", {"refresh_token": given["refresh_token"]}).json()
    assert me(renewed["access_token"]).status_code == 200


def test_a_code_of_wx_login_works_once(person: Person, mini: OfficialAccount) -> None:
    given = {"account": "mini", "code": person.from_the_phone(mini.appid, "login")}
    assert post(Client(), "miniprogram/", given).status_code == 200
    for body in (given, {**given, "code": "nonsense"}):
        answer = post(Client(), "miniprogram/", body)
        assert (answer.status_code, error_code(answer)) == (400, "bad_code")


def test_an_official_account_is_no_mini_program(person: Person) -> None:
    assert error_code(post(Client(), "miniprogram/", {"account": "demo", "code": "x"})) == "no_mini_program"
    assert post(Client(), "miniprogram/", {"account": "nobody", "code": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("what", "given"),
    [("phone", {"code": "x"}), ("profile", {"encryptedData": "AA==", "iv": "AA=="})],
)
def test_who_is_signed_in_to_an_official_account_is_refused_without_a_call(
    person: Person, account: OfficialAccount, what: str, given: dict[str, str]
) -> None:
    access = tokens.start(visitors.logged_in(account, "oVisitor"), WEB).access
    answer = post(Client(), f"miniprogram/{what}/", given, authorization=f"Bearer {access}")
    assert (answer.status_code, error_code(answer)) == (400, "no_mini_program")
    calls = person.simulated.get(f"/calls?appid={account.appid}")["counts"]
    assert "/wxa/business/getuserphonenumber" not in calls


def bearer(given: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {given['access_token']}"}


def test_a_phone_number_is_kept_sealed(person: Person, mini: OfficialAccount) -> None:
    given = logged_in(person, mini)
    one = {"code": person.from_the_phone(mini.appid, "phone")}
    answer = post(Client(), "miniprogram/phone/", one, **bearer(given))
    number = answer.json()["phone"]
    assert number.startswith("139")
    assert Visitor.objects.get().phone == number
    assert me(given["access_token"]).json()["has_phone"] is True
    assert error_code(post(Client(), "miniprogram/phone/", one, **bearer(given))) == "bad_code"
    assert post(Client(), "miniprogram/phone/", one).status_code == 401


def test_a_profile_is_opened_and_kept(person: Person, mini: OfficialAccount) -> None:
    given = logged_in(person, mini)
    profile = person.from_the_phone(mini.appid, "profile")
    shown = post(Client(), "miniprogram/profile/", profile, **bearer(given)).json()
    assert shown["nickname"] == Visitor.objects.get().nickname != ""


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "0" * 40},
        {"rawData": "{}"},
        {"encryptedData": "AAAAAAAAAAAAAAAAAAAAAA=="},
        {"iv": "AAAA"},
        {"encryptedData": "not base64"},
    ],
)
def test_a_forged_profile_is_refused(
    person: Person, mini: OfficialAccount, changes: dict[str, str], caplog: Any
) -> None:
    given = logged_in(person, mini)
    profile = {**person.from_the_phone(mini.appid, "profile"), **changes}
    answer = post(Client(), "miniprogram/profile/", profile, **bearer(given))
    assert (answer.status_code, error_code(answer)) == (400, "bad_data")
    assert Visitor.objects.get().nickname == ""
    assert "mini_program_data_refused" in [record.msg for record in caplog.records]


def test_the_profile_of_somebody_else_is_refused(person: Person, mini: OfficialAccount) -> None:
    """Two people may come to share a key only in a test; the openid inside decides."""
    bob = Person(person.simulated, "bob")
    alices, _bobs = logged_in(person, mini), logged_in(bob, mini)
    first, second = Visitor.objects.order_by("pk")
    first.session_key = second.session_key
    first.save()
    profile = bob.from_the_phone(mini.appid, "profile")
    assert error_code(post(Client(), "miniprogram/profile/", profile, **bearer(alices))) == "bad_data"


def test_a_raw_text_needs_its_signature(person: Person, mini: OfficialAccount) -> None:
    given = logged_in(person, mini)
    profile = person.from_the_phone(mini.appid, "profile")
    del profile["signature"]
    assert error_code(post(Client(), "miniprogram/profile/", profile, **bearer(given))) == "invalid"


def test_one_person_is_known_across_accounts_by_unionid(person: Person, mini: OfficialAccount) -> None:
    person.open_page("/wechat/demo/oauth/start?next=/healthz/live&scope=userinfo")
    given = logged_in(person, mini)
    assert me(given["access_token"]).json()["accounts"] == ["demo", "mini"]
    assert Visitor.objects.count() == 2
