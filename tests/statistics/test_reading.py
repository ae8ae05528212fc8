"""The platform's statistics are read every morning, gaps and corrections included, and cost little."""

import datetime
import json
from typing import Any

import pytest
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.statistics.conftest import DAY, Platform
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.sdk.calls import datacube
from wechat.sdk.calls.datacube import Dataset, Upstream, UserChange
from wechat.statistics import reading
from wechat.statistics.models import PlatformDay

pytestmark = pytest.mark.django_db


def kept(dataset: Dataset, age: int = 1) -> PlatformDay:
    return PlatformDay.objects.get(dataset=dataset.name, day=timezone.localdate() - age * DAY)


def rows(dataset: Dataset, age: int = 1) -> list[Any]:
    return list(kept(dataset, age).rows)


def test_what_followers_did_yesterday_is_there_in_the_morning(platform: Platform) -> None:
    platform.event("oOne", type="follow")
    platform.event("oOne", type="text", content="你好")
    platform.event("oOne", type="text", content="在吗")
    platform.pass_days(1)
    platform.read()
    changes = [UserChange.of(row) for row in rows(Dataset.USER_SUMMARY)]
    assert sum(each.came for each in changes) == 1
    assert [datacube.followers(row) for row in rows(Dataset.USER_CUMULATE)] == [1]
    assert [Upstream.of(row) for row in rows(Dataset.UPSTREAM)] == [Upstream(1, people=1, messages=2)]
    assert Upstream.of(rows(Dataset.UPSTREAM_HOUR)[0]).hour == 12


def test_nothing_is_asked_before_the_platform_has_counted(platform: Platform) -> None:
    platform.pass_hours(-6)
    assert platform.read() == 0
    assert not PlatformDay.objects.exists()
    platform.pass_hours(6)
    assert platform.read() > 0


def test_the_first_history_is_read_in_as_few_calls_as_the_platform_allows(platform: Platform) -> None:
    platform.read()
    asked = platform.asked()
    weeks = -(-reading.HISTORY_DAYS // 7)
    assert asked["getusersummary"] == asked["getusercumulate"] == asked["getupstreammsg"] == weeks
    assert asked["getbizsummary"] == asked["getinterfacesummary"] == reading.HISTORY_DAYS // 30
    assert asked["getupstreammsghour"] == 3
    assert not PlatformDay.objects.filter(read_at__isnull=True).exists()


def test_a_morning_costs_one_call_a_statistic_with_all_corrections(platform: Platform) -> None:
    platform.read()
    for _day in range(8):
        platform.pass_days(1)
        platform.read()
    before = platform.asked()
    platform.pass_days(1)
    platform.read()
    after = platform.asked()
    cost = {name: number - before[name] for name, number in after.items()}
    assert cost["getusersummary"] == cost["getusercumulate"] == 1
    assert cost["getbizsummary"] == cost["getinterfacesummary"] == cost["getupstreammsg"] == 1
    assert cost["getupstreammsghour"] == cost["getinterfacesummaryhour"] == cost["getarticletotaldetail"] == 2


def test_days_on_which_nothing_ran_are_read_afterwards(platform: Platform) -> None:
    platform.event("oOne", type="follow")
    platform.pass_days(1)
    platform.read()
    platform.event("oTwo", type="follow")
    platform.pass_days(12)
    platform.read()
    assert not PlatformDay.objects.filter(read_at__isnull=True).exists()
    came = [UserChange.of(row).came for row in rows(Dataset.USER_SUMMARY, age=12)]
    assert sum(came) == 1


def test_a_correction_of_the_platform_is_taken_over(platform: Platform) -> None:
    platform.event("oOne", type="follow")
    platform.pass_days(1)
    platform.read()
    day = kept(Dataset.USER_SUMMARY)
    PlatformDay.objects.filter(pk=day.pk).update(rows=[{"new_user": 99}])
    platform.pass_days(1)
    platform.read()
    day.refresh_from_db()
    assert sum(UserChange.of(row).came for row in day.rows) == 1


def test_an_account_that_may_not_have_statistics_costs_nothing_and_goes_on_when_it_may(
    platform: Platform, account: OfficialAccount
) -> None:
    platform.simulated.create_account(account, callback_url="", verified=False)
    platform.read()
    assert set(Hold.objects.values_list("work", "errcode")) == {("statistics.read", 48001)}
    assert not PlatformDay.objects.filter(attempts__gt=0).exists()
    assert sum(platform.asked().values()) == len(Dataset)
    platform.simulated.create_account(account, callback_url="", verified=True)
    platform.pass_hours(2)
    platform.read()
    assert not PlatformDay.objects.filter(read_at__isnull=True).exists()


def test_a_statistic_that_an_account_may_not_have_keeps_no_other_waiting(platform: Platform) -> None:
    platform.simulated.sim("/faults", {"api": "/datacube/getusersummary", "errcode": 48001})
    platform.read()
    unread = PlatformDay.objects.filter(read_at__isnull=True)
    assert set(unread.values_list("dataset", flat=True)) == {Dataset.USER_SUMMARY.name}
    assert Hold.objects.get().part == Dataset.USER_SUMMARY.name


def test_a_statistic_that_is_not_ready_yet_is_asked_for_later(platform: Platform) -> None:
    fault = {"api": "/datacube/getusersummary", "errcode": 61503, "times": 1}
    platform.simulated.sim("/faults", fault)
    platform.read()
    platform.pass_hours(1)
    platform.read()
    assert kept(Dataset.USER_SUMMARY).read_at is not None


def test_mini_programs_and_disabled_accounts_are_left_alone(platform: Platform) -> None:
    OfficialAccount.objects.update(enabled=False)
    OfficialAccount.objects.create(
        slug="mini", name="小程序", kind="miniprogram", appid="wx00000000000000cd", mode="plain"
    )
    assert platform.read() == 0
    assert work.KINDS.get("statistics.plan").is_due() is False


@pytest.mark.parametrize(
    "odd",
    [
        {"list": None},
        {"list": ["x", {"ref_date": "never"}, {"ref_date": 5}]},
        {"list": [{"ref_date": "2026-01-01", "new_user": "x"}], "is_delay": True},
    ],
)
def test_an_odd_answer_is_no_figures_and_no_fault(platform: Platform, odd: dict[str, Any]) -> None:
    fault = {"api": "/datacube/getusersummary", "answer": json.dumps(odd)}
    platform.simulated.sim("/faults", fault)
    platform.read()
    assert rows(Dataset.USER_SUMMARY) == []


def test_figures_that_come_late_are_asked_for_again_the_same_day(platform: Platform) -> None:
    late = json.dumps({"list": [], "is_delay": True})
    platform.simulated.sim("/faults", {"api": "/datacube/getbizsummary", "answer": late, "times": 1})
    platform.read()
    due = kept(Dataset.BIZ_SUMMARY).due_at
    assert due is not None
    assert due - timezone.now() <= datetime.timedelta(hours=2)
