"""Tests of the allow list for callbacks: the setting, the list, and its failures."""

import asyncio
import datetime
from urllib.parse import urlencode

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from accounts.official import callback_addresses, checkup
from accounts.official.doctor import Level
from accounts.official.models import CallbackAddresses, OfficialAccount
from tests.asgi import Answered, exchange
from tests.callbacks import PATH, served
from tests.platform import Platform, Push
from tests.simulated import Simulated
from wechat.inbox import refusals
from wechat.inbox.models import InboundMessage, Refusal
from wechat.kernel import exposition, versioned_cache, work
from wechat.kernel.versioned_cache import Cached

pytestmark = pytest.mark.django_db(transaction=True)

READ, WATCH = "official.read_callback_addresses", "official.watch_callback_addresses"
# As the simulator tells them: 127.0.0.1 and 203.0.113.64/26.
WECHAT, STRANGER = "203.0.113.77", "198.51.100.9"


@pytest.fixture(autouse=True)
def _behind_a_proxy(
    settings: Settings, simulated: Simulated, account: OfficialAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CALLBACK_ALLOW_LIST = True
    settings.TRUSTED_PROXIES = 1
    simulated.create_account(account, callback_url="")
    monkeypatch.setattr(callback_addresses, "_asked_at", float("-inf"))


@pytest.fixture
def known() -> CallbackAddresses:
    """Reads the list as the workers do, and returns it."""
    work.run(WATCH)
    work.run(READ)
    return CallbackAddresses.objects.get()


@pytest.fixture
def push(platform: Platform) -> Push:
    return platform.safe(platform.text("hi"))


def came_from(address: str, push: Push, path: str = PATH, claimed: str = "") -> Answered:
    """Sends a callback as our proxy hands it on.

    The proxy adds the address it came from to the addresses that the sender ``claimed``.
    """
    forwarded = f"{claimed}, {address}" if claimed else address
    sent = exchange(
        "POST", path, push.body, query=urlencode(push.query), verbatim={"x-forwarded-for": forwarded}
    )
    return asyncio.run(sent)


@pytest.mark.parametrize("address", [WECHAT, "127.0.0.1", "::ffff:203.0.113.77", "203.0.113.127:4711"])
@pytest.mark.usefixtures("known")
def test_wechat_is_let_in(address: str, push: Push) -> None:
    assert came_from(address, push).status == 200
    assert InboundMessage.objects.count() == 1


@pytest.mark.usefixtures("known")
def test_a_list_that_cannot_be_read_shuts_nobody_out(push: Push, monkeypatch: pytest.MonkeyPatch) -> None:
    unreadable = Cached("callback_addresses", lambda: 1 // 0)
    monkeypatch.setattr(callback_addresses, "_known", unreadable)
    try:
        assert came_from(STRANGER, push).status == 200
    finally:
        versioned_cache._all.remove(unreadable)


@pytest.mark.parametrize("address", [STRANGER, "203.0.113.63", "2001:db8::1", "10.0.0.1"])
@pytest.mark.usefixtures("known")
def test_a_stranger_is_refused_however_good_the_signature(address: str, push: Push) -> None:
    settled = came_from(address, push)
    assert settled.status == 403
    assert not InboundMessage.objects.exists()
    refusals.settle()
    assert Refusal.objects.get().reason == "address"


@pytest.mark.usefixtures("known")
def test_a_stranger_cannot_claim_to_be_wechat(push: Push) -> None:
    assert came_from(STRANGER, push, claimed=WECHAT).status == 403


@pytest.mark.usefixtures("known")
def test_a_stranger_costs_nothing_more_than_the_refusal(push: Push) -> None:
    """The body is not read, and the answer does not tell which accounts there are."""

    def never(_piece: bytes) -> bytes:
        raise AssertionError("the body was read")

    body = map(never, [b"<xml>"])
    sent = exchange("POST", "/wechat/nobody/callback", body, verbatim={"x-forwarded-for": STRANGER})
    assert asyncio.run(sent).status == 403
    before = exposition.text().decode()
    came_from(STRANGER, push, "/wechat/made-up/callback")
    assert "made-up" not in before + exposition.text().decode()


@pytest.mark.usefixtures("known")
def test_without_the_setting_nobody_is_asked_where_he_comes_from(settings: Settings, push: Push) -> None:
    settings.CALLBACK_ALLOW_LIST = False
    assert came_from(STRANGER, push).status == 200
    CallbackAddresses.objects.all().delete()
    assert work.run(WATCH) == 0


def test_before_the_list_was_ever_read_the_signature_decides(push: Push) -> None:
    assert came_from(STRANGER, push).status == 200
    assert "wechat_callback_addresses_age_seconds +Inf" in exposition.text().decode()


@pytest.mark.usefixtures("known")
def test_a_list_that_could_not_be_read_for_days_shuts_nobody_out(platform: Platform) -> None:
    old = timezone.now() - callback_addresses.VALID_FOR + datetime.timedelta(minutes=1)
    CallbackAddresses.objects.update(read_at=old)
    assert came_from(STRANGER, platform.safe(platform.text("1"))).status == 403
    CallbackAddresses.objects.update(read_at=old - datetime.timedelta(minutes=2))
    assert came_from(STRANGER, platform.safe(platform.text("2"))).status == 200
    ages = [line for line in exposition.text().decode().splitlines() if "addresses_age_seconds " in line]
    assert float(ages[-1].split()[1]) > 3 * 86_400 - 60


def test_the_list_grows_old_in_a_process_that_reads_nothing_meanwhile(known: CallbackAddresses) -> None:
    assert not callback_addresses.is_allowed(STRANGER)
    with time_machine.travel(timezone.now() + callback_addresses.VALID_FOR, tick=False):
        assert callback_addresses._known.get().until < timezone.now().timestamp()
        assert callback_addresses.is_allowed(STRANGER)


@pytest.mark.parametrize("answer", [{"errcode": 45009}, {"http_status": 502}])
def test_a_list_that_cannot_be_read_stays_as_it_was_and_is_asked_for_again(
    simulated: Simulated, known: CallbackAddresses, push: Push, answer: dict[str, int]
) -> None:
    simulated.sim("/faults", {"api": "/cgi-bin/getcallbackip", "times": 9, **answer})
    CallbackAddresses.objects.update(due_at=timezone.now())
    work.run(READ)
    row = CallbackAddresses.objects.get()
    assert (row.addresses, row.read_at) == (known.addresses, known.read_at)
    assert row.due_at is not None
    assert came_from(WECHAT, push).status == 200


def test_whoever_is_refused_has_the_list_read_again_but_not_by_the_thousand(
    known: CallbackAddresses, push: Push
) -> None:
    """WeChat may have an address since that it had not when the list was read."""
    came_from(STRANGER, push)
    refusals.settle()
    assert CallbackAddresses.objects.get().due_at == known.due_at
    CallbackAddresses.objects.update(read_at=timezone.now() - datetime.timedelta(hours=1))
    callback_addresses._asked_at = float("-inf")
    for _time in range(3):
        came_from(STRANGER, push)
    refusals.settle()
    row = CallbackAddresses.objects.get()
    assert row.due_at is not None
    assert row.due_at <= timezone.now()
    work.run(READ)
    assert CallbackAddresses.objects.get().due_at != row.due_at


def test_what_one_account_was_told_counts_for_all(known: CallbackAddresses, push: Push) -> None:
    OfficialAccount.objects.create(
        name="无密钥", slug="other", appid="wx" + "a" * 16, mode="plain", token="abc"
    )
    assert work.run(WATCH) == 0
    assert came_from(STRANGER, push, "/wechat/other/callback").status == 403
    # WeChat comes as far as the signature, which is another account's.
    assert b"WeChat" not in came_from(WECHAT, push, "/wechat/other/callback").body


@pytest.mark.usefixtures("known")
def test_the_doctor_knows_that_it_is_a_stranger_itself(settings: Settings, account: OfficialAccount) -> None:
    CallbackAddresses.objects.update(addresses=[WECHAT])
    with served() as settings.PUBLIC_URL:
        settings.TRUSTED_PROXIES = 0
        (own,) = [each for each in checkup.reachable(account) if settings.PUBLIC_URL in str(each.sentence)]
    assert own.level is Level.FINE
    CallbackAddresses.objects.update(read_at=timezone.now() - datetime.timedelta(days=4))
    (found,) = checkup.allow_list(account)
    assert found.level is Level.WARNING
