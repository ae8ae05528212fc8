"""The doctor against a platform whose set-up differs in one thing at a time."""

import dataclasses
import datetime
import re
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from accounts.official.clients import client_for
from accounts.official.doctor import Level, examine, problems
from accounts.official.models import OfficialAccount
from tests.callbacks import post
from tests.cast import Cast, signed_in
from tests.platform import Platform
from tests.simulated import Simulated
from wechat.inbox import refusals
from wechat.inbox.models import Refusal
from wechat.kernel.work import downtime
from wechat.sdk.calls.base import api_domain_ips
from wechat.sdk.errors import ApiError

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("reachable")]


def faults(account: OfficialAccount) -> str:
    with override("en"):
        found = [each for each in examine(account) if each.level is not Level.FINE]
        return "\n".join(f"{each.sentence} → {each.next_step}" for each in found)


def test_a_sound_account_has_nothing_to_mend(simulated: Simulated, account: OfficialAccount) -> None:
    simulated.create_account(account)
    assert faults(account) == ""
    account.refresh_from_db()
    assert account.abilities["service_messages"]["able"] is True


@pytest.mark.parametrize(
    ("differently", "sentence"),
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
    simulated: Simulated, account: OfficialAccount, differently: dict[str, Any], sentence: str
) -> None:
    simulated.create_account(account, **differently)
    assert sentence in faults(account)


def test_a_mini_program_is_not_blamed_for_what_only_official_accounts_have(
    simulated: Simulated, account: OfficialAccount
) -> None:
    OfficialAccount.objects.update(kind="miniprogram")
    account.refresh_from_db()
    simulated.create_account(account)
    assert "no right to" not in faults(account)
    account.refresh_from_db()
    assert list(account.abilities) == ["service_messages"]


def test_a_clock_that_differs_is_named(simulated: Simulated, account: OfficialAccount) -> None:
    simulated.create_account(account)
    for minutes in (2, -2):
        with time_machine.travel(timezone.now() + datetime.timedelta(minutes=minutes)):
            found = faults(account)
        assert f"seconds away from the one at {simulated.base}. → Switch on" in found
        assert "-" not in found.split(" seconds away")[0].split()[-1]


def test_a_platform_out_of_reach_is_named(account: OfficialAccount, settings: Settings) -> None:
    settings.WECHAT_API_BASE = "http://127.0.0.1:1"
    assert "did not answer" in faults(account)


def test_something_else_in_the_place_of_the_platform_is_named(
    simulated: Simulated, account: OfficialAccount
) -> None:
    simulated.create_account(account)
    simulated.sim("/faults", {"api": "/cgi-bin/stable_token", "answer": "<html>sign in</html>"})
    assert "a sign-in page of the network" in faults(account)


def test_a_public_url_that_leads_nowhere_is_named(
    simulated: Simulated, account: OfficialAccount, settings: Settings
) -> None:
    simulated.create_account(account)
    settings.PUBLIC_URL = "http://127.0.0.1:1"
    assert "Nothing answers at http://127.0.0.1:1/wechat/demo/callback" in faults(account)


def test_unencrypted_callbacks_to_an_account_in_safe_mode_are_told(
    simulated: Simulated, account: OfficialAccount
) -> None:
    simulated.create_account(account)
    counts = refusals.Counts()
    counts.note(account.pk, "downgraded")
    counts.writer.shutdown()
    assert "Set the same message mode" in faults(account)


def test_encrypted_callbacks_to_an_account_in_plain_mode_are_told(
    platform: Platform, simulated: Simulated, account: OfficialAccount
) -> None:
    OfficialAccount.objects.update(mode="plain")
    account.refresh_from_db()
    simulated.create_account(account, mode="safe")
    post(platform.safe(platform.text("1")))
    assert "sends encrypted callbacks" in faults(account)


def test_secrets_that_no_key_opens_are_told_on_every_page_until_they_are_entered_again(
    simulated: Simulated, account: OfficialAccount, staff: Cast, settings: Settings, platform: Platform
) -> None:
    simulated.create_account(account)
    browser = signed_in(staff.owner)
    page = reverse("admin:official_officialaccount_change", args=(account.pk,))
    settings.FIELD_ENCRYPTION_KEYS = {"other": bytes(32)}
    account = OfficialAccount.objects.get(pk=account.pk)
    assert "No key of FIELD_ENCRYPTION_KEYS opens the account's secrets: AppSecret, callback token" in faults(
        account
    )
    assert faults(account).count("→") == 1
    answer = browser.get(page, headers={"Accept-Language": "en"}).content.decode()
    assert answer.count("FIELD_ENCRYPTION_KEYS") >= 4
    filled = {
        "name": "Renamed", "slug": "demo", "kind": "service", "appid": account.appid, "mode": "safe",
        "original_id": account.original_id, "token_kind": "stable", "enabled": "on",
    }  # fmt: skip
    assert browser.post(page, filled).status_code == 302
    again = {
        "new_token": "benchtoken",
        "new_aes_key": platform.aes_key,
        "new_appsecret": "0123456789abcdef" * 2,
    }
    assert browser.post(page, filled | again).status_code == 302
    account = OfficialAccount.objects.get(pk=account.pk)
    assert (account.name, account.previous_tokens, faults(account)) == ("Renamed", "", "")


def test_the_command_ends_in_an_error_while_something_is_to_be_mended(
    simulated: Simulated, account: OfficialAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    simulated.create_account(account, secret="f" * 32)
    with pytest.raises(CommandError, match="to mend"):
        call_command("doctor", "demo")
    assert "✗ The AppSecret is wrong." in capsys.readouterr().out


def shown(account: OfficialAccount) -> str:
    with override("en"):
        return "\n".join(str(each.sentence) for each in problems(account))


@pytest.mark.parametrize(
    ("differently", "sentence"),
    [({"secret": "f" * 32}, "The AppSecret is wrong."), ({"ip_whitelist": ["192.0.2.1"]}, "127.0.0.1")],
    ids=["secret", "ip list"],
)
def test_what_a_call_shows_to_be_wrong_is_a_problem_until_the_next_good_call(
    simulated: Simulated, account: OfficialAccount, differently: dict[str, Any], sentence: str
) -> None:
    simulated.create_account(account, **differently)
    for _attempt in range(2):
        with pytest.raises(ApiError):
            api_domain_ips(client_for(account))
    assert sentence in shown(account)
    assert re.search(r"last \d\d:\d\d, 2 refused", shown(account))
    simulated.create_account(account, ip_whitelist=[])
    api_domain_ips(client_for(account))
    assert shown(account) == ""


@pytest.mark.parametrize("errcode", [50004, 50007])
def test_an_account_that_wechat_gives_no_token_is_a_problem(
    simulated: Simulated, account: OfficialAccount, errcode: int
) -> None:
    simulated.create_account(account)
    simulated.sim("/faults", {"api": "/cgi-bin/stable_token", "errcode": errcode})
    with pytest.raises(ApiError):
        api_domain_ips(client_for(account))
    assert f"({errcode})" in shown(account)


def test_a_busy_platform_says_nothing_of_what_an_account_may_do(
    simulated: Simulated, account: OfficialAccount
) -> None:
    simulated.create_account(account, verified=False)
    simulated.sim("/faults", {"api": "/cgi-bin/qrcode/create", "errcode": -1})
    assert "(-1)" in faults(account)
    account.refresh_from_db()
    assert not account.abilities


def test_a_wrong_secret_is_named_although_a_token_is_still_in_hand(
    simulated: Simulated, account: OfficialAccount
) -> None:
    simulated.create_account(account)
    api_domain_ips(client_for(account))
    simulated.create_account(account, secret="f" * 32)
    assert "The AppSecret is wrong." in faults(account)


@pytest.mark.parametrize(
    ("differently", "sentence"),
    [
        ({"token": "anothertoken"}, "signature of another token"),
        ({"aes_key": "Z" * 42 + "A"}, "do not decrypt"),
        ({"appid": "wxffffffffffffffff"}, "another AppID"),
    ],
    ids=["token", "key", "appid"],
)
def test_what_a_push_shows_to_be_wrong_is_a_problem_until_the_next_good_push(
    platform: Platform, account: OfficialAccount, differently: dict[str, Any], sentence: str
) -> None:
    strange = dataclasses.replace(platform, **differently)
    for _attempt in range(2):
        assert post(strange.safe(strange.text("1"))).status_code == 403
    refusals.settle()
    assert sentence in shown(account)
    assert "2 refused" in shown(account)
    assert post(platform.safe(platform.text("1"))).status_code == 200
    assert shown(account) == ""
    assert post(strange.safe(strange.text("1"))).status_code == 403
    refusals.settle()
    assert "1 refused" in shown(account)


def test_pushes_of_a_wrong_key_are_counted_together_however_they_show_it(account: OfficialAccount) -> None:
    now = timezone.now()
    for reason, count, age in (("padding", 4, 0), ("length", 1, 5)):
        at = now - datetime.timedelta(minutes=age)
        Refusal.objects.create(account=account, reason=reason, count=count, last_at=at)
    (line,) = shown(account).splitlines()
    assert f"last {timezone.localtime(now):%H:%M}, 5 refused" in line


def test_the_wrong_mode_is_a_problem_until_it_is_the_same_on_both_sides(
    platform: Platform, account: OfficialAccount
) -> None:
    assert post(platform.plain(platform.text("1"))).status_code == 403
    refusals.settle()
    assert "unencrypted callbacks" in shown(account)
    OfficialAccount.objects.update(mode="compatible")
    account.refresh_from_db()
    assert post(platform.safe(platform.text("1"))).status_code == 200
    assert shown(account) == ""


def test_a_problem_is_on_the_home_page_and_on_the_page_of_the_account(
    simulated: Simulated, staff: Cast
) -> None:
    account = staff.ours
    simulated.create_account(account, secret="f" * 32)
    with pytest.raises(ApiError):
        api_domain_ips(client_for(account))
    owner = signed_in(staff.owner)
    pages = ("/admin/", reverse("admin:official_officialaccount_change", args=(account.pk,)))
    assert all("AppSecret 不正确" in owner.get(page).content.decode() for page in pages)
    simulated.create_account(account)
    api_domain_ips(client_for(account))
    assert not any("AppSecret 不正确" in owner.get(page).content.decode() for page in pages)


def test_work_that_stands_still_is_a_problem_until_a_worker_takes_a_tick(
    simulated: Simulated, staff: Cast
) -> None:
    simulated.create_account(staff.ours)
    pages = ("/admin/", reverse("operations_jobs"))
    owner = signed_in(staff.owner)

    def told() -> set[bool]:
        return {"后台任务自 09:30 起没有运行" in owner.get(page).content.decode() for page in pages}

    with time_machine.travel(datetime.datetime(2026, 3, 2, 1, 30, tzinfo=datetime.UTC), tick=False) as clock:
        downtime.note_work()
        clock.shift(50)
        assert told() == {False}
        clock.shift(40)
        assert told() == {True}
        with pytest.raises(CommandError, match="to mend"):
            call_command("doctor", "demo")
        downtime.note_work()
        assert told() == {False}
