"""Tests of channels on a follower's page, and of their scans after the person is erased."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.followers import erasing
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.channels.conftest import ChannelMaker
from wechat.channels import report
from wechat.channels.models import Attribution, Scan
from wechat.console.periods import Period

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def follower(
    account: OfficialAccount, channel: ChannelMaker, follows: Any, scans: Any, work: Any
) -> Follower:
    """A follower who came by one channel and scanned another."""
    first, second = channel("一号店"), channel("春季展会")
    follows(first, at=int(timezone.now().timestamp()) - 60)
    scans(second)
    work()
    return Follower.objects.get(account=account, openid="oFollower")


def test_the_page_of_a_follower_names_the_channels(follower: Follower, staff: Cast) -> None:
    page = signed_in(staff.owner).get(f"/admin/followers/follower/{follower.pk}/change/").content.decode()
    assert "一号店 · 新增关注" in page
    assert "春季展会 · 老粉丝扫码" in page
    assert page.index("首次渠道") < page.index("末次渠道")


def test_an_erased_persons_scans_are_numbers_only(follower: Follower, staff: Cast) -> None:
    page = signed_in(staff.owner).get(f"/admin/followers/follower/{follower.pk}/erase/").content.decode()
    assert "2 次扫码" in page
    today = timezone.localdate()
    before = report.by_day(follower.account, Period(today, today))
    erasing.erase(follower)
    assert report.by_day(follower.account, Period(today, today)) == before
    assert not Scan.objects.exclude(openid="", message=None).exists()
    assert not Attribution.objects.exists()


def test_an_erased_person_who_comes_again_is_a_stranger(
    follower: Follower, follows: Callable[..., Any], work: Callable[[], int], channel: ChannelMaker
) -> None:
    erasing.erase(follower)
    # What happened in the second of the erasing counts as from before.
    follows(channel("三号店"), at=int(timezone.now().timestamp()) + 2)
    work()
    assert Scan.objects.get(openid="oFollower").kind == Scan.Kind.NEW
    assert Scan.objects.filter(openid="").count() == 2
