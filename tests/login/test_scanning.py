import datetime
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from tests.callbacks import post
from tests.login.conftest import Person
from tests.login.test_oauth import SHOP
from tests.platform import Platform
from tests.working import react_to_due
from wechat.inbox.models import InboundMessage
from wechat.login.models import ScanLogin, Visitor

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = f"/h5/demo/login/?next={quote(SHOP, safe='')}"
State = ScanLogin.State
Deliver = Callable[[str], Any]


@pytest.fixture(autouse=True)
def _pages(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.login.urls"


@pytest.fixture
def computer() -> Client:
    return Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64)"})


@pytest.fixture
def deliver(platform: Platform) -> Deliver:
    return lambda xml: post(platform.safe(xml))


def shown(person: Person, computer: Client) -> ScanLogin:
    """The page with the code, open on the computer."""
    assert computer.get(PAGE).status_code == 200
    return ScanLogin.objects.latest("pk")


def openid_of(person: Person) -> str:
    person.open_page(SHOP)
    return Visitor.objects.latest("pk").openid


def scan(deliver: Deliver, platform: Platform, scene: str, openid: str) -> str:
    """Scans with the chat; gives the text that comes back."""
    answer = deliver(platform.event(openid, "SCAN", f"<EventKey>{scene}</EventKey>"))
    react_to_due()
    return platform.opened(answer.content).get("Content", "") if b"Encrypt" in answer.content else ""


def address(scan: ScanLogin, step: str) -> str:
    return f"/h5/demo/login/{scan.scene}/{step}/"


def state(computer: Client, scan: ScanLogin) -> str:
    return str(computer.get(address(scan, "state")).json()["state"])


def choose(person: Person, scan: ScanLogin, choice: str) -> Any:
    return person.browser.post(address(scan, "confirm"), {"choice": choice})


def test_who_scans_and_says_yes_is_signed_in_on_the_computer(
    person: Person, computer: Client, deliver: Deliver, platform: Platform
) -> None:
    openid, login = openid_of(person), shown(person, computer)
    assert state(computer, login) == "waiting"
    reply = scan(deliver, platform, login.scene, openid)
    (link,) = re.findall(r'href="([^"]+)"', reply)
    assert state(computer, login) == "scanned"
    question = person.request(link)
    assert login.number in question.content.decode()
    assert "已在电脑上登录" in choose(person, login, "yes").content.decode()
    assert state(computer, login) == "confirmed"
    done = computer.post(address(login, "finish"))
    assert computer.get(done["Location"]).content.decode() == f"GET demo {openid} 7"
    assert ScanLogin.objects.get().state == State.USED


def test_somebody_new_follows_and_signs_in_with_one_scan(
    person: Person, computer: Client, deliver: Deliver, platform: Platform
) -> None:
    login = shown(person, computer)
    xml = platform.event("oNew", "subscribe", f"<EventKey>qrscene_{login.scene}</EventKey>")
    assert "confirm" in platform.opened(deliver(xml).content)["Content"]
    react_to_due()
    login.refresh_from_db()
    assert (login.state, login.openid) == (State.SCANNED, "oNew")


def test_the_message_log_names_the_login(
    person: Person, computer: Client, deliver: Deliver, platform: Platform
) -> None:
    scan(deliver, platform, shown(person, computer).scene, "oNew")
    assert InboundMessage.objects.get().answered_by == "login"


def test_scanning_alone_signs_nobody_in(
    person: Person, computer: Client, deliver: Deliver, platform: Platform
) -> None:
    openid, login = openid_of(person), shown(person, computer)
    scan(deliver, platform, login.scene, openid)
    assert computer.post(address(login, "finish")).status_code == 400
    assert choose(person, login, "no").status_code == 200
    assert state(computer, login) == "refused"
    assert computer.post(address(login, "finish")).status_code == 400


def test_only_the_telephone_that_scanned_may_say_yes(
    person: Person, computer: Client, deliver: Deliver, platform: Platform
) -> None:
    openid, login = openid_of(person), shown(person, computer)
    scan(deliver, platform, login.scene, openid)
    other = Person(person.simulated, "mallory")
    other.open_page(SHOP)
    assert other.request(address(login, "confirm")).status_code == 410
    assert choose(other, login, "yes").status_code == 410
    scan(deliver, platform, login.scene, Visitor.objects.latest("pk").openid)
    login.refresh_from_db()
    assert (login.state, login.openid) == (State.SCANNED, openid)


def test_an_address_without_a_scan_confirms_nothing(person: Person, computer: Client) -> None:
    """A link that somebody is sent therefore signs nobody in."""
    openid_of(person)
    login = shown(person, computer)
    waiting = person.request(address(login, "confirm"))
    assert waiting["Refresh"] == "2"
    choose(person, login, "yes")
    assert state(computer, login) == "waiting"


def test_only_the_computer_that_shows_the_code_is_signed_in(
    person: Person, computer: Client, deliver: Deliver, platform: Platform
) -> None:
    openid, login = openid_of(person), shown(person, computer)
    scan(deliver, platform, login.scene, openid)
    choose(person, login, "yes")
    thief = Client()
    thief.get(PAGE)
    for step in ("state", "finish"):
        method = thief.get if step == "state" else thief.post
        assert method(address(login, step)).status_code == 404
    assert computer.post(address(login, "finish")).status_code == 302


def test_a_yes_works_once(person: Person, computer: Client, deliver: Deliver, platform: Platform) -> None:
    openid, login = openid_of(person), shown(person, computer)
    scan(deliver, platform, login.scene, openid)
    choose(person, login, "yes")
    cookies = dict(computer.cookies)
    assert computer.post(address(login, "finish")).status_code == 302
    computer.cookies.update(cookies)
    computer.cookies["wc_scan"] = cookies["wc_scan"].value
    assert computer.post(address(login, "finish")).status_code in {400, 404}
    assert choose(person, login, "yes").status_code == 410


def test_a_code_is_good_for_five_minutes(
    person: Person, computer: Client, deliver: Deliver, platform: Platform
) -> None:
    openid, login = openid_of(person), shown(person, computer)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=5, seconds=1)):
        assert "已失效" in scan(deliver, platform, login.scene, openid)
        assert state(computer, login) == "over"
        assert person.request(address(login, "confirm")).status_code == 410


def test_a_scene_of_nobody_is_left_to_others(person: Person, deliver: Deliver, platform: Platform) -> None:
    assert scan(deliver, platform, "login_" + "0" * 32, "oSomebody") == ""


@pytest.mark.parametrize("next_", ["", "https://evil.example.com/", "//evil.example.com"])
def test_the_computer_is_led_nowhere_else(person: Person, computer: Client, next_: str) -> None:
    assert computer.get(f"/h5/demo/login/?next={quote(next_, safe='')}").status_code == 400


def test_without_wechat_there_is_no_code(person: Person, computer: Client, settings: Settings) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:1"
    assert computer.get(PAGE).status_code == 503


def test_who_asks_for_too_many_codes_is_held_up(person: Person, computer: Client) -> None:
    assert {computer.get(PAGE).status_code for _ in range(24)} == {200, 429}
