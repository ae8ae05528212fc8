"""Tests of signing in behind the proxy of deploy/, and of guessing passwords."""

import datetime
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.staff.models import AuditEntry, SignInLimit
from config.embedded import PROJECT
from tests.cast import PASSWORD, Cast, signed_in
from tests.locks import somebody_waits

pytestmark = pytest.mark.django_db

PAGE, LIMITS = "/admin/login/?next=/admin/", "/admin/staff/signinlimit/"
THERE, HERE = "203.0.113.7", "198.51.100.1"

Attempt = Callable[..., Any]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The clock, which stands still: a wait is over when the test says so."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture
def attempt(settings: Settings, clock: time_machine.Traveller, staff: Cast) -> Attempt:
    """Sends a sign-in form through the proxy, with what that one adds to what the sender claims."""
    settings.TRUSTED_PROXIES = 1

    def send(
        peer: str, password: str = "guess", *, name: str = "owner", claims: str = "", browser: Any = None
    ) -> Any:
        forwarded = f"{claims}, {peer}" if claims else peer
        return (browser or Client()).post(
            PAGE,
            {"username": name, "password": password},
            headers={"X-Forwarded-For": forwarded},
            REMOTE_ADDR="172.18.0.5",
        )

    return send


def is_in(response: Any) -> bool:
    return bool(response.status_code == 302)


@pytest.mark.parametrize("proxy", ["nginx-compose.conf", "nginx-debian.conf"])
def test_the_sample_proxy_adds_the_address_it_saw(proxy: str) -> None:
    sample = (PROJECT / "deploy" / proxy).read_text()
    places = re.findall(r"proxy_set_header X-Forwarded-For (\S+);", sample)
    assert set(places) == {"$proxy_add_x_forwarded_for"}


def test_five_wrong_guesses_from_elsewhere_cost_the_owner_nothing(attempt: Attempt) -> None:
    assert [attempt(THERE).status_code for _ in range(6)] == [200] * 5 + [429]
    assert is_in(attempt(HERE, PASSWORD))


def test_a_forged_address_makes_no_new_client(attempt: Attempt) -> None:
    statuses = [attempt(THERE, claims=f"192.0.2.{number}").status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]
    assert attempt(THERE, PASSWORD, claims=HERE).status_code == 429


def test_an_address_that_guesses_at_many_names_is_slowed_down(attempt: Attempt) -> None:
    statuses = [attempt(THERE, name=f"name{number}").status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]


@pytest.mark.django_db(transaction=True)
def test_failures_that_are_forgotten_in_the_middle_of_an_attempt_are_no_fault(attempt: Attempt) -> None:
    """Another attempt forgets them, while this one waits to count its own."""
    attempt(THERE)
    statuses: list[int] = []

    def again() -> None:
        statuses.append(attempt(THERE).status_code)
        connection.close()

    meanwhile = threading.Thread(target=again)
    with transaction.atomic():
        forgotten = SignInLimit.objects.select_for_update()
        assert len(forgotten) == 2
        meanwhile.start()
        while meanwhile.is_alive() and not somebody_waits():
            pass
        forgotten.delete()
    meanwhile.join()
    assert statuses == [200]
    assert set(SignInLimit.objects.values_list("failures", flat=True)) == {1}


def test_addresses_that_one_customer_has_are_one(attempt: Attempt) -> None:
    statuses = [attempt(f"2001:db8:1:2:{number:x}::1").status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]
    assert is_in(attempt("2001:db8:1:3::1", PASSWORD))


def test_each_further_failure_waits_twice_as_long_and_says_so(
    attempt: Attempt, clock: time_machine.Traveller
) -> None:
    for _ in range(5):
        attempt(THERE)
    waits = []
    for _ in range(9):
        refused = attempt(THERE)
        assert refused.status_code == 429
        waits.append(int(refused["Retry-After"]))
        assert f"{waits[-1]}" in refused.content.decode()
        clock.shift(waits[-1])
        assert attempt(THERE).status_code == 200
    assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900]


def test_after_the_wait_the_right_password_is_taken(attempt: Attempt, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        attempt(THERE)
    assert attempt(THERE, PASSWORD).status_code == 429
    clock.shift(5)
    assert is_in(attempt(THERE, PASSWORD))


def test_an_hour_without_a_failure_forgets_them(attempt: Attempt, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        attempt(THERE)
    clock.shift(datetime.timedelta(hours=1, seconds=1))
    assert [attempt(THERE).status_code for _ in range(6)] == [200] * 5 + [429]


def test_success_takes_back_its_own_attempt_and_no_failure(attempt: Attempt) -> None:
    for _ in range(4):
        attempt(THERE)
    assert is_in(attempt(THERE, PASSWORD, name="editor"))
    assert attempt(THERE).status_code == 200
    assert attempt(THERE, PASSWORD, name="editor").status_code == 429


def test_a_name_guessed_at_from_everywhere_waits_a_minute_at_the_most(
    attempt: Attempt, clock: time_machine.Traveller
) -> None:
    for number in range(100):
        assert attempt(f"192.0.2.{number}", name="Owner ").status_code == 200
    assert attempt(HERE, PASSWORD)["Retry-After"] == "5"
    for number in range(5):
        clock.shift(60)
        assert attempt(f"192.0.3.{number}").status_code == 200
    assert attempt(HERE, PASSWORD)["Retry-After"] == "60"
    clock.shift(60)
    assert is_in(attempt(HERE, PASSWORD))


def test_a_browser_that_was_in_before_is_not_slowed_down_by_strangers(attempt: Attempt) -> None:
    browser = Client()
    attempt(HERE, PASSWORD, browser=browser)
    for number in range(101):
        attempt(f"192.0.2.{number}")
    for _ in range(5):
        attempt(HERE)
    assert attempt(HERE, PASSWORD).status_code == 429
    assert is_in(attempt(HERE, PASSWORD, browser=browser))


def test_a_known_browser_has_guesses_of_its_own_and_for_its_own_name_only(attempt: Attempt) -> None:
    browser = Client()
    attempt(HERE, PASSWORD, browser=browser)
    assert [attempt(HERE, browser=browser).status_code for _ in range(6)] == [200] * 5 + [429]
    others = [attempt(HERE, name="editor", browser=browser).status_code for _ in range(6)]
    assert others == [200] * 5 + [429]


def test_a_forged_mark_of_a_browser_is_worth_nothing(attempt: Attempt) -> None:
    browser = Client()
    browser.cookies["wc_known_browser"] = "0" * 16 + ".1:1:x"
    assert [attempt(THERE, browser=browser).status_code for _ in range(6)] == [200] * 5 + [429]


@pytest.mark.parametrize(
    "name", [b"", b"\0", b"%00", b"a\0\x0bb", b"x" * 400, "名字".encode(), b"\xff", b"%ED%A0%80"]
)
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_any_name_is_answered(staff: Cast, name: bytes, kind: str) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n%b\r\n--x--\r\n'
    body = part % name if "multipart" in kind else b"username=%b" % name
    assert Client().generic("POST", PAGE, body, kind).status_code == 200


def test_a_superuser_ends_a_wait_and_it_is_noted(attempt: Attempt, staff: Cast) -> None:
    for _ in range(5):
        attempt(THERE)
    console = signed_in(staff.superuser)
    assert THERE in console.get(LIMITS).content.decode()
    limit = SignInLimit.objects.get(kind="address")
    done = console.post(LIMITS, {"action": "let_in", "_selected_action": [limit.pk]})
    assert done.status_code == 302
    assert is_in(attempt(THERE, PASSWORD))
    assert str(limit) in AuditEntry.objects.get(user=staff.superuser).label


def test_nobody_else_sees_who_has_to_wait(staff: Cast) -> None:
    for user in (staff.owner, staff.auditor, staff.nobody):
        assert signed_in(user).get(LIMITS).status_code == 403
