"""Tests of WeChat's events about the verification of an account, and what staff are told of them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.official.models import OfficialAccount, VerificationState
from accounts.operations import setup_steps
from tests.cast import Cast, signed_in
from tests.platform import Platform
from tests.working import react_to_due
from wechat.inbox.models import InboundMessage

pytestmark = pytest.mark.django_db(transaction=True)

Deliver = Callable[[str | bytes], Any]
MARCH, NEXT_MARCH = 1_772_323_200, 1_803_859_200
RENEW = ("annual_renew", f"<ExpiredTime>{NEXT_MARCH}</ExpiredTime>")
EXPIRED = ("verify_expired", f"<ExpiredTime>{NEXT_MARCH}</ExpiredTime>")
VERIFIED = ("qualification_verify_success", f"<ExpiredTime>{NEXT_MARCH + 31_536_000}</ExpiredTime>")
NAMED = ("naming_verify_success", f"<ExpiredTime>{NEXT_MARCH + 31_536_000}</ExpiredTime>")
REFUSED = ("qualification_verify_fail", "<FailTime>1</FailTime><FailReason>营业执照已过期</FailReason>")
UNNAMED = ("naming_verify_fail", "<FailTime>1</FailTime><FailReason>名称已被使用</FailReason>")


def told(browser: Client, account: OfficialAccount) -> tuple[int, str]:
    """Returns the number of to-do items, and what the account's page says to be wrong."""
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    kinds = browser.get("/admin/todo/counts/").json()["kinds"]
    html = browser.get(reverse("admin:official_officialaccount_change", args=[account.pk])).content.decode()
    return len(kinds), " ".join(re.findall(r'role="alert">\s*<strong>(.*?)</strong>', html))


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([RENEW], "is to be renewed: it is valid until 2027-03-01"),
        ([RENEW, EXPIRED], "expired on 2027-03-01"),
        ([REFUSED], "refused the account&#x27;s verification (微信认证): 营业执照已过期"),
        ([REFUSED, VERIFIED, UNNAMED], "account&#x27;s name in its verification (微信认证): 名称已被使用"),
        ([RENEW, VERIFIED], ""),
        ([EXPIRED, VERIFIED, NAMED], ""),
        ([UNNAMED, NAMED], ""),
    ],
)
@pytest.mark.parametrize("turned", [False, True], ids=["in order", "the other way round"])
def test_staff_are_told_until_the_account_is_verified_again(
    deliver: Deliver, platform: Platform, account: OfficialAccount, staff: Cast,
    events: list[tuple[str, str]], sentence: str, *, turned: bool,
) -> None:  # fmt: skip
    pushes = [
        platform.event("oPlatform", name, inner, at=MARCH + number)
        for number, (name, inner) in enumerate(events)
    ]
    for push in reversed(pushes) if turned else pushes:
        deliver(push)
        react_to_due()
    number, said = told(signed_in(staff.owner), account)
    assert (number, sentence in said, bool(said)) == (bool(sentence), True, bool(sentence))
    assert setup_steps.is_connected(account)


@pytest.mark.parametrize("expires", [10**18, 253_402_300_799])
def test_a_time_of_expiry_that_no_calendar_has_is_not_kept(
    deliver: Deliver, platform: Platform, account: OfficialAccount, expires: int
) -> None:
    deliver(platform.event("oPlatform", "annual_renew", f"<ExpiredTime>{expires}</ExpiredTime>"))
    react_to_due()
    assert InboundMessage.objects.get().error == ""
    assert VerificationState.objects.get(account=account).expires_at is None
