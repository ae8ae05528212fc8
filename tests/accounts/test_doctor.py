"""The doctor against a platform whose set-up differs in one thing at a time."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.translation import override
from django_redis import get_redis_connection
from pytest_django import Settings

from accounts.official.doctor import Level, examine
from accounts.official.models import OfficialAccount
from tests.callbacks import post, served
from tests.platform import Platform
from tests.simulated import Simulated
from wechat.inbox import refusals

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _reachable(settings: Settings) -> Iterator[None]:
    get_redis_connection("default").flushdb()
    with served() as address:
        settings.PUBLIC_URL = address
        yield


def faults(account: OfficialAccount) -> str:
    with override("en"):
        found = [each for each in examine(account) if each.level is not Level.FINE]
        return "\n".join(f"{each.sentence} → {each.next_step}" for each in found)


def test_a_sound_account_has_nothing_to_mend(simulated: Simulated, account: OfficialAccount) -> None:
    simulated.know(account)
    assert faults(account) == ""
    account.refresh_from_db()
    assert account.abilities["service_messages"]["able"] is True


@pytest.mark.parametrize(
    ("differently", "says"),
    [
        ({"secret": "f" * 32}, "The AppSecret is wrong."),
        ({"ip_whitelist": ["192.0.2.1"]}, "Add 127.0.0.1 under"),
        ({"callback_url": ""}, "no callback address"),
        ({"verified": False}, "no right to: Customer-service messages"),
        ({"appid": "wxffffffffffffffff"}, "The AppID is wrong."),
    ],
    ids=["secret", "ip list", "no url", "unverified", "appid"],
)
def test_what_differs_is_named_with_the_next_step(
    simulated: Simulated, account: OfficialAccount, differently: dict[str, Any], says: str
) -> None:
    simulated.know(account, **differently)
    assert says in faults(account)


def test_a_clock_that_differs_is_named(simulated: Simulated, account: OfficialAccount) -> None:
    simulated.know(account)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=2)):
        assert f"seconds away from the one at {simulated.base}. → Switch on" in faults(account)


def test_a_platform_out_of_reach_is_named(account: OfficialAccount, settings: Settings) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:1"
    assert "did not answer" in faults(account)


def test_a_public_url_that_leads_nowhere_is_named(
    simulated: Simulated, account: OfficialAccount, settings: Settings
) -> None:
    simulated.know(account)
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    assert "Nothing answers at http://127.0.0.1:1/wechat/demo/callback" in faults(account)


def test_unencrypted_callbacks_to_an_account_in_safe_mode_are_told(
    simulated: Simulated, account: OfficialAccount
) -> None:
    simulated.know(account)
    counts = refusals.Counts()
    counts.note(account.pk, "downgraded")
    counts.writer.shutdown()
    assert "Set the same message mode" in faults(account)


def test_encrypted_callbacks_to_an_account_in_plain_mode_are_told(
    platform: Platform, simulated: Simulated, account: OfficialAccount
) -> None:
    OfficialAccount.objects.update(mode="plain")
    account.refresh_from_db()
    simulated.know(account, mode="safe")
    post(platform.safe(platform.text("1")))
    assert "sends encrypted callbacks" in faults(account)


def test_the_command_ends_in_an_error_while_something_is_to_be_mended(
    simulated: Simulated, account: OfficialAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated.know(account, secret="f" * 32)
    with pytest.raises(CommandError, match="to mend"):
        call_command("doctor", "demo")
    assert "✗ The AppSecret is wrong." in capsys.readouterr().out
