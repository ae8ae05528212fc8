import datetime
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry
from tests.callbacks import post
from tests.cast import Cast, signed_in
from tests.conftest import AES_KEY, APPID, TOKEN
from tests.platform import Platform

pytestmark = pytest.mark.django_db

NEW_TOKEN = "anothertoken"
NEW_KEY = "Z" * 43
SECRET = "0123456789abcdef0123456789abcdef"


def page(account: OfficialAccount) -> str:
    return reverse("admin:official_officialaccount_change", args=(account.pk,))


def filled(**changes: Any) -> dict[str, Any]:
    fields = {
        "name": "演示服务号", "slug": "demo", "kind": "service", "appid": APPID, "mode": "safe",
        "original_id": "", "token_kind": "stable", "enabled": "on",
    }  # fmt: skip
    return {**fields, **changes}


def test_no_secret_is_ever_on_the_page(staff: Cast) -> None:
    for member in (staff.owner, staff.auditor, staff.superuser):
        html = signed_in(member).get(page(staff.ours)).content.decode()
        assert not any(secret in html for secret in (TOKEN, AES_KEY, SECRET))


def test_every_page_of_an_account_that_is_switched_off_says_so(staff: Cast) -> None:
    client, word = signed_in(staff.service), "该账号已停用"
    assert word not in client.get(reverse("admin:index")).content.decode()
    OfficialAccount.objects.update(enabled=False)
    for name in ("index", "followers_follower_changelist", "campaigns_masssend_changelist"):
        assert word in client.get(reverse(f"admin:{name}")).content.decode()


def test_the_page_says_since_when_a_secret_is_set(staff: Cast) -> None:
    html = signed_in(staff.owner).get(page(staff.ours)).content.decode()
    assert timezone.localdate().isoformat() in html


def test_a_refused_form_does_not_send_the_new_secret_back(staff: Cast) -> None:
    answer = signed_in(staff.owner).post(page(staff.ours), filled(name="", new_token=NEW_TOKEN))
    assert answer.status_code == 200
    assert NEW_TOKEN not in answer.content.decode()


def test_an_empty_secret_stays_as_it_was(staff: Cast) -> None:
    signed_in(staff.owner).post(page(staff.ours), filled(name="新名字"))
    account = OfficialAccount.objects.get(pk=staff.ours.pk)
    assert (account.name, account.token, account.aes_key) == ("新名字", TOKEN, AES_KEY)


def test_after_a_change_of_keys_the_previous_ones_stay_valid_for_a_day(staff: Cast) -> None:
    signed_in(staff.owner).post(page(staff.ours), filled(new_token=NEW_TOKEN, new_aes_key=NEW_KEY))
    account = OfficialAccount.objects.get(pk=staff.ours.pk)
    keys = account.callback_keys(timezone.now())
    assert (keys.token, keys.previous_tokens) == (NEW_TOKEN, (TOKEN,))
    assert (keys.aes_key, keys.previous_aes_keys) == (NEW_KEY, (AES_KEY,))
    assert account.previous_until is not None
    left = account.previous_until - timezone.now()
    assert datetime.timedelta(hours=23) < left <= datetime.timedelta(hours=24)


def test_a_version_that_is_brought_back_changes_nothing_about_the_keys(staff: Cast) -> None:
    """Neither how long the previous ones stay valid, nor since when those of now are set."""
    browser = signed_in(staff.owner)
    version = staff.ours.history.get()
    days = staff.ours.secrets_set_on
    with time_machine.travel(timezone.now() + datetime.timedelta(days=3)):
        browser.post(page(staff.ours), filled(name="新名字", new_token=NEW_TOKEN))
        address = reverse("admin:official_officialaccount_simple_history", args=(staff.ours.pk, version.pk))
        assert browser.post(address).status_code == 302
        account = OfficialAccount.objects.get(pk=staff.ours.pk)
        assert account.name == version.name
        assert [each.text for each in account.previous("token")] == [TOKEN]
        assert account.secrets_set_on["token"] > days["token"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("first", "second", "previous"),
    [
        ({"new_aes_key": NEW_KEY}, {"new_token": NEW_TOKEN}, {"token": NEW_TOKEN}),
        ({"new_token": NEW_TOKEN}, {"new_aes_key": NEW_KEY}, {"aes_key": NEW_KEY}),
    ],
)
@pytest.mark.parametrize(("days", "status"), [(0.5, 200), (30, 403)])
def test_a_later_change_of_one_key_gives_no_life_to_what_was_replaced_long_ago(
    staff: Cast, platform: Platform, first: Any, second: Any, previous: Any, days: float, status: int
) -> None:
    """Within the day of the first change the previous token and the previous key are both good."""
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        signed_in(staff.owner).post(page(staff.ours), filled(**first))
        clock.move_to(now + datetime.timedelta(days=days))
        signed_in(staff.owner).post(page(staff.ours), filled(**second))
        pushed = replace(platform, **previous)
        assert post(pushed.safe(pushed.text("1"))).status_code == status


@pytest.mark.django_db(transaction=True)
def test_a_second_change_within_a_day_shuts_nothing_out_that_wechat_still_uses(
    staff: Cast, platform: Platform
) -> None:
    """WeChat goes on with the first key until the last one is saved there, or with the one in between."""
    owner, typed = signed_in(staff.owner), ("typo", "x" * 43)
    for token, aes_key in (typed, (NEW_TOKEN, NEW_KEY)):
        owner.post(page(staff.ours), filled(new_token=token, new_aes_key=aes_key))
    for number, (token, aes_key) in enumerate([(TOKEN, AES_KEY), typed, (NEW_TOKEN, NEW_KEY)]):
        pushed = replace(platform, token=token, aes_key=aes_key)
        assert post(pushed.safe(pushed.text(str(number)))).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("hours", "taken"), [(23, [200, 200]), (25, [403, 200]), (37, [403, 403])])
def test_each_replaced_key_ends_a_day_after_it_was_replaced(
    staff: Cast, platform: Platform, hours: int, taken: list[int]
) -> None:
    owner, between, now = signed_in(staff.owner), ("between", "x" * 43), timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for token, aes_key in (between, (NEW_TOKEN, NEW_KEY)):
            owner.post(page(staff.ours), filled(new_token=token, new_aes_key=aes_key))
            clock.shift(datetime.timedelta(hours=12))
        clock.move_to(now + datetime.timedelta(hours=1))
        # The process learns of the keys now, and of no change later.
        assert post(platform.safe(platform.text("first"))).status_code == 200
        clock.move_to(now + datetime.timedelta(hours=hours))
        previous = [replace(platform, token=token, aes_key=key) for token, key in ((TOKEN, AES_KEY), between)]
        assert [post(each.safe(each.text(str(at)))).status_code for at, each in enumerate(previous)] == taken
        latest = replace(platform, token=NEW_TOKEN, aes_key=NEW_KEY)
        assert post(latest.safe(latest.text("last"))).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_what_was_replaced_because_it_leaked_is_ended_at_once(staff: Cast, platform: Platform) -> None:
    owner, end = signed_in(staff.owner), reverse("admin:staff_previous_secrets_end", args=[staff.ours.pk])
    assert end not in owner.get(page(staff.ours)).content.decode()
    for token, aes_key in ((NEW_TOKEN, NEW_KEY), ("lasttoken", "y" * 43)):
        owner.post(page(staff.ours), filled(new_token=token, new_aes_key=aes_key))
    assert end not in signed_in(staff.auditor).get(page(staff.ours)).content.decode()
    assert signed_in(staff.auditor).post(end, {"account": staff.ours.pk}).status_code == 403
    assert owner.get(end).status_code == 405
    assert end in owner.get(page(staff.ours)).content.decode()
    owner.post(end, {"account": staff.ours.pk})
    keys = ((TOKEN, AES_KEY, 403), (NEW_TOKEN, NEW_KEY, 403), ("lasttoken", "y" * 43, 200))
    for number, (token, aes_key, status) in enumerate(keys):
        pushed = replace(platform, token=token, aes_key=aes_key)
        assert post(pushed.safe(pushed.text(str(number)))).status_code == status
    assert "旧密钥" in AuditEntry.objects.latest("pk").note
    assert end not in owner.get(page(staff.ours)).content.decode()


@pytest.mark.parametrize(
    "nonsense", [{"new_token": "with space"}, {"new_aes_key": "short"}, {"new_appsecret": "xyz"}]
)
def test_a_secret_of_the_wrong_form_is_refused(staff: Cast, nonsense: dict[str, str]) -> None:
    answer = signed_in(staff.owner).post(page(staff.ours), filled(**nonsense))
    assert answer.status_code == 200
    account = OfficialAccount.objects.get(pk=staff.ours.pk)
    assert (account.token, account.aes_key, account.appsecret) == (TOKEN, AES_KEY, SECRET)


def test_an_encrypted_mode_without_a_key_is_refused(staff: Cast) -> None:
    page_of_theirs = page(staff.theirs)
    answer = signed_in(staff.superuser).post(
        page_of_theirs, filled(slug="theirs", appid="wxfedcba9876543210", mode="safe")
    )
    assert answer.status_code == 200
    assert OfficialAccount.objects.get(pk=staff.theirs.pk).mode == "plain"


def test_the_appid_stays_once_there_are_followers_of_it(staff: Cast) -> None:
    """Those of another one have other OpenIDs: all would seem to have left, and tags get mixed up."""
    client, other = signed_in(staff.owner), "wx00112233445566aa"
    assert client.post(page(staff.ours), filled(appid=other)).status_code == 302
    Follower.objects.create(account=staff.ours, openid="oSomebody")
    refused = client.post(page(staff.ours), filled())
    assert f"现有粉丝和访客属于 AppID {other}" in refused.content.decode()
    setup = reverse("operations_setup_step", args=(staff.ours.pk, "keys"))
    keys = {"account": staff.ours.pk, "appid": APPID, "new_appsecret": SECRET}
    assert f"现有粉丝和访客属于 AppID {other}" in client.post(setup, keys).content.decode()
    assert OfficialAccount.objects.get(pk=staff.ours.pk).appid == other


def test_accounts_are_not_deleted_in_the_admin(staff: Cast) -> None:
    delete = reverse("admin:official_officialaccount_delete", args=(staff.ours.pk,))
    assert signed_in(staff.superuser).post(delete, {"post": "yes"}).status_code == 403


def test_a_change_is_kept_with_who_made_it(staff: Cast) -> None:
    signed_in(staff.owner).post(page(staff.ours), filled(name="新名字"))
    newest = staff.ours.history.first()
    assert newest is not None
    assert (newest.name, newest.history_user) == ("新名字", staff.owner)


def test_following_a_link_does_not_start_the_set_up_check(staff: Cast) -> None:
    answer = signed_in(staff.owner).get(reverse("admin:staff_examine", args=(staff.ours.pk,)))
    assert answer["Location"] == page(staff.ours)


def test_nobody_checks_the_account_of_others(staff: Cast) -> None:
    examine = reverse("admin:staff_examine", args=(staff.ours.pk,))
    assert signed_in(staff.outsider).post(examine).status_code == 404


def test_the_set_up_check_tells_whoever_manages_all_accounts_what_the_installation_lacks(
    staff: Cast, settings: Settings
) -> None:
    settings.SECRET_KEY = "changeme"
    OfficialAccount.objects.update(appsecret="")
    examine = reverse("admin:staff_examine", args=(staff.ours.pk,))
    words = "SECRET_KEY 只有 8 个字符"
    assert words in signed_in(staff.superuser).post(examine).content.decode()
    assert words not in signed_in(staff.owner).post(examine).content.decode()


def test_the_set_up_check_says_what_is_missing(staff: Cast) -> None:
    """An account without an AppSecret makes no calls, so this needs no platform."""
    OfficialAccount.objects.filter(pk=staff.theirs.pk).update(original_id="")
    html = signed_in(staff.outsider).post(reverse("admin:staff_examine", args=(staff.theirs.pk,)))
    assert "AppSecret" in html.content.decode()
