"""The second step of signing in, with an app and recovery codes, and the sessions that one has."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
import time_machine
from django.contrib.auth.models import User
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.staff import second_factor, sessions
from accounts.staff.models import SecondFactor, SecondFactorRule, StaffSession
from tests.cast import PASSWORD, Cast, signed_in

pytestmark = pytest.mark.django_db

ME, STEP = "admin:staff_me", "admin:staff_second_step"
CODE = re.compile(r"\b[0-9a-f]{6}-[0-9a-f]{6}\b")


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def sign_in(user: User, **headers: str) -> Client:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0", **headers})
    client.post("/admin/login/?next=/admin/", {"username": user.username, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def with_app(client: Client) -> tuple[str, list[str]]:
    """Adds an app by its page; returns its key and the recovery codes that are shown."""
    page = client.get(reverse("admin:staff_app_add"))
    key = page.context["key"]
    form = {"key": page.context["signed"], "code": pyotp.TOTP(key).at(timezone.now())}
    shown = client.post(reverse("admin:staff_app_add"), form).content.decode()
    # Once on the page, once for the button that copies them.
    return key, list(dict.fromkeys(CODE.findall(shown)))


def step(client: Client, code: str) -> Any:
    return client.post(reverse(STEP), {"code": code})


def later(clock: time_machine.Traveller, seconds: int = 60) -> None:
    clock.shift(datetime.timedelta(seconds=seconds))


def test_a_password_alone_does_not_open_what_has_a_second_step(
    staff: Cast, clock: time_machine.Traveller
) -> None:
    key, _codes = with_app(signed_in(staff.owner))
    later(clock)
    client = sign_in(staff.owner)
    for page in ("/admin/", reverse("admin:staff_colleagues"), "/api/docs/"):
        assert client.get(page)["Location"] == reverse(STEP), page
    assert step(client, pyotp.TOTP(key).at(timezone.now())).status_code == 302
    assert is_in(client)


def test_a_code_may_be_typed_in_full_width(staff: Cast, clock: time_machine.Traveller) -> None:
    key, _codes = with_app(signed_in(staff.owner))
    later(clock)
    client = sign_in(staff.owner)
    code = pyotp.TOTP(key).at(timezone.now())
    assert step(client, "".join(chr(ord(digit) + 0xFEE0) for digit in code)).status_code == 302
    assert is_in(client)


def test_a_code_is_good_once(staff: Cast, clock: time_machine.Traveller) -> None:
    key, _codes = with_app(signed_in(staff.owner))
    later(clock)
    code = pyotp.TOTP(key).at(timezone.now())
    step(sign_in(staff.owner), code)
    second = sign_in(staff.owner)
    step(second, code)
    assert not is_in(second)


def test_a_recovery_code_opens_once(staff: Cast) -> None:
    _key, codes = with_app(signed_in(staff.owner))
    assert len(codes) == second_factor.RECOVERY_CODES
    first, second = sign_in(staff.owner), sign_in(staff.owner)
    step(first, codes[0].upper())
    step(second, codes[0])
    assert (is_in(first), is_in(second)) == (True, False)


def test_a_recovery_code_opens_where_no_key_opens_the_app_any_more(staff: Cast, settings: Settings) -> None:
    key, codes = with_app(signed_in(staff.owner))
    settings.FIELD_ENCRYPTION_KEYS = {"other": bytes(32)}
    client = sign_in(staff.owner)
    assert step(client, pyotp.TOTP(key).at(timezone.now())).status_code == 200
    step(client, codes[0])
    assert is_in(client)


def test_guessed_codes_are_slowed_down_and_nobody_is_locked_out(
    staff: Cast, clock: time_machine.Traveller
) -> None:
    key, _codes = with_app(signed_in(staff.owner))
    client = sign_in(staff.owner)
    statuses = [step(client, "000000").status_code for _each in range(6)]
    assert statuses[-1] == 429
    later(clock, 3600)
    step(client, pyotp.TOTP(key).at(timezone.now()))
    assert is_in(client)


def test_a_wrong_first_code_adds_nothing(staff: Cast) -> None:
    client = signed_in(staff.owner)
    signed = client.get(reverse("admin:staff_app_add")).context["signed"]
    client.post(reverse("admin:staff_app_add"), {"key": signed, "code": "000000"})
    assert not SecondFactor.objects.exists()


def test_the_key_of_an_app_is_encrypted_in_the_database(staff: Cast) -> None:
    key, _codes = with_app(signed_in(staff.owner))
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM staff_secondfactor")
        ((kept,),) = cursor.fetchall()
    assert key.encode() not in bytes(kept)


def test_where_a_role_needs_it_it_is_set_up_at_the_next_sign_in(staff: Cast) -> None:
    page = reverse("admin:staff_second_factor_rules")
    signed_in(staff.owner).post(page, {"account": staff.ours.pk, "roles": ["editor"]})
    client = sign_in(staff.editor)
    assert client.get("/admin/")["Location"] == reverse("admin:staff_app_add")
    with_app(client)
    assert is_in(client)
    assert is_in(sign_in(staff.auditor))


def test_what_a_role_needs_is_not_taken_away(staff: Cast) -> None:
    SecondFactorRule.objects.create(account=staff.ours, role="owner")
    client = signed_in(staff.owner)
    with_app(client)
    (factor,) = SecondFactor.objects.all()
    client.post(reverse("admin:staff_factor_remove", args=(factor.pk,)), {"password": PASSWORD})
    assert SecondFactor.objects.exists()


@pytest.mark.parametrize(("password", "left"), [("wrong", 1), (PASSWORD, 0)])
def test_it_is_taken_away_by_who_knows_the_password(staff: Cast, password: str, left: int) -> None:
    client = signed_in(staff.owner)
    with_app(client)
    (factor,) = SecondFactor.objects.all()
    client.post(reverse("admin:staff_factor_remove", args=(factor.pk,)), {"password": password})
    assert SecondFactor.objects.count() == left


def test_an_owner_helps_who_lost_the_phone_unless_they_work_for_others_too(staff: Cast) -> None:
    with_app(signed_in(staff.editor))
    help_them = reverse("admin:staff_colleague_second", args=(staff.editor.pk,))
    staff.editor.rights.create(account=staff.theirs, role="editor")
    assert signed_in(staff.owner).post(help_them).status_code == 403
    staff.editor.rights.filter(account=staff.theirs).delete()
    signed_in(staff.owner).post(help_them)
    assert is_in(sign_in(staff.editor))


def test_sessions_are_listed_and_ended_one_by_one(staff: Cast) -> None:
    here, there = sign_in(staff.owner), sign_in(staff.owner)
    assert "Chrome · Windows" in here.get(reverse(ME)).content.decode()
    other = StaffSession.objects.get(key=there.session.session_key)
    here.post(reverse("admin:staff_sessions_end"), {"session": other.pk})
    assert (is_in(here), is_in(there)) == (True, False)


def test_all_other_sessions_are_ended_at_once(staff: Cast) -> None:
    here, others = sign_in(staff.owner), [sign_in(staff.owner) for _each in range(2)]
    here.post(reverse("admin:staff_sessions_end"))
    assert is_in(here)
    assert not any(map(is_in, others))


def test_nobody_ends_sessions_of_others_by_their_number(staff: Cast) -> None:
    theirs = sign_in(staff.editor)
    row = StaffSession.objects.get(user=staff.editor)
    sign_in(staff.owner).post(reverse("admin:staff_sessions_end"), {"session": row.pk})
    assert is_in(theirs)


def test_an_owner_ends_the_sessions_of_a_colleague(staff: Cast) -> None:
    theirs, outside = sign_in(staff.editor), sign_in(staff.outsider)
    owner = signed_in(staff.owner)
    owner.post(reverse("admin:staff_colleague_sessions", args=(staff.editor.pk,)))
    assert owner.post(reverse("admin:staff_colleague_sessions", args=(staff.outsider.pk,))).status_code == 404
    assert (is_in(theirs), is_in(outside)) == (False, True)


def test_an_answer_is_given_though_its_session_was_ended_meanwhile(
    staff: Cast, clock: time_machine.Traveller
) -> None:
    client = sign_in(staff.owner)
    clock.shift(datetime.timedelta(minutes=10))

    def answer(request: HttpRequest) -> HttpResponse:
        sessions.end(StaffSession.objects.all())
        return HttpResponse("done")

    request = RequestFactory().get("/admin/")
    request.COOKIES["sessionid"] = client.cookies["sessionid"].value
    console = SessionMiddleware(sessions.SessionMiddleware(answer))
    answered = console(request)
    assert isinstance(answered, HttpResponse)
    assert answered.content == b"done"
    assert not is_in(client)


def test_a_session_stays_listed_after_another_password(staff: Cast) -> None:
    client = sign_in(staff.owner)
    given = {
        "old_password": PASSWORD,
        "new_password1": "quite another one",
        "new_password2": "quite another one",
    }
    client.post(reverse("admin:password_change"), given)
    assert StaffSession.objects.get(user=staff.owner).key == client.session.session_key
