"""Tests of entering a sequence: by a tag, a segment, a date or a menu item, and how often."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.followers import sync_requests, tagging
from accounts.followers.models import CustomField, FieldValue, Follower, FollowerSync, Segment, Tag
from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from tests.cast import message
from tests.simulated import Simulated
from tests.working import react_to_due
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep
from wechat.campaigns.sequences import enrolling, entering, polling
from wechat.kernel import work
from wechat.sdk.beijing import BEIJING
from wechat.sdk.calls import tags as tags_api

pytestmark = pytest.mark.django_db

A_DAY = datetime.timedelta(days=1)
MORNING = datetime.datetime(2026, 3, 2, 8, tzinfo=BEIJING)
Made = Callable[..., Sequence]


@pytest.fixture
def made(account: OfficialAccount) -> Made:
    """Makes a sequence of one message a year later, and switches it on."""

    def make(trigger: str, **fields: Any) -> Sequence:
        sequence = Sequence.objects.create(account=account, name=trigger, trigger=trigger, **fields)
        content = {"type": "text", "content": "您好"}
        SequenceStep.objects.create(sequence=sequence, wait=364, unit=1440, content=content)
        enrolling.switch(sequence, on=True)
        return sequence

    return make


def followers(account: OfficialAccount, number: int, **fields: Any) -> list[Follower]:
    start = Follower.objects.count()
    return Follower.objects.bulk_create(
        Follower(account=account, openid=f"oPerson{start + each:021d}", **fields) for each in range(number)
    )


def look() -> None:
    """Does what a worker does when the sequences are due."""
    work.run(polling.ENTRIES.name)


def inside() -> list[str]:
    return sorted(Enrolment.objects.values_list("openid", flat=True))


def end_all() -> None:
    Enrolment.objects.update(state="finished", due_at=None, step=None)


def test_a_tag_that_is_set_enters_once_and_one_that_was_there_does_not(
    account: OfficialAccount, made: Made
) -> None:
    tag = Tag.objects.create(account=account, name="会员", platform_id=100)
    former, new, gone = followers(account, 3)
    Follower.objects.filter(pk=gone.pk).update(subscribed=False)
    tagging.add(tag, [former.pk])
    made("tag", tag=tag)
    tagging.add(tag, [former.pk, new.pk, gone.pk])
    assert inside() == [new.openid]
    tagging.remove(tag, [new.pk])
    tagging.add(tag, [new.pk])
    assert inside() == [new.openid]


def sync(account: OfficialAccount) -> None:
    run = sync_requests.ask(account, FollowerSync.Kind.FULL)
    FollowerSync.objects.filter(pk=run.pk).update(due_at=timezone.now())
    work.run("followers.sync_followers")


@pytest.mark.django_db(transaction=True)
def test_a_tag_that_was_set_at_wechat_enters_once_it_is_read(
    account: OfficialAccount, made: Made, simulated: Simulated
) -> None:
    simulated.create_account(account)
    openids = simulated.sim(f"/accounts/{account.appid}/followers", {"count": 3})["openids"]
    former, new, late = openids
    there = client_for(account)
    number = tags_api.create(there, "会员")
    tags_api.tag(there, number, [former])
    sync(account)
    made("tag", tag=Tag.objects.get(name="会员"), reentry="always")
    sync(account)
    assert inside() == []
    tags_api.tag(there, number, [new])
    sync(account)
    sync(account)
    assert inside() == [new]
    # Nobody knew them before: the first reading of many is no occasion for a hundred thousand.
    (stranger,) = simulated.sim(f"/accounts/{account.appid}/followers", {"count": 1})["openids"]
    tags_api.tag(there, number, [stranger, late])
    sync(account)
    assert inside() == sorted([new, late])


def test_each_time_means_each_time(account: OfficialAccount, made: Made) -> None:
    tag = Tag.objects.create(account=account, name="会员", platform_id=100)
    (person,) = followers(account, 1)
    made("tag", tag=tag, reentry="always")
    for _time in range(2):
        tagging.add(tag, [person.pk])
        tagging.remove(tag, [person.pk])
    assert inside() == [person.openid] * 2


def test_a_tap_enters_the_sequence_of_its_menu_item(account: OfficialAccount, made: Made) -> None:
    made("menu", menu_key="coupons")
    for number, key in enumerate(("other", "coupons")):
        body = (
            f"<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>oTapper{number}</FromUserName>"
            f"<CreateTime>1764000000</CreateTime><MsgType>event</MsgType><Event>CLICK</Event>"
            f"<EventKey>{key}</EventKey></xml>"
        )
        message(
            account, key, kind="event", event="click", body=body, openid=f"oTapper{number}",
            due_at=timezone.now(), handled_at=None,
        )  # fmt: skip
    react_to_due()
    assert inside() == ["oTapper1"]


@pytest.fixture
def vips(account: OfficialAccount) -> Segment:
    conditions: Any = [{"field": "remark", "compare": "contains", "value": "100%"}]
    return Segment.objects.create(account=account, name="百分百", conditions=conditions)


def test_a_segment_enters_slice_by_slice_and_whoever_joins_enters_at_the_next_look(
    account: OfficialAccount, made: Made, vips: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "SLICE", 2)
    members = followers(account, 5, remark="100%满意")
    followers(account, 2, remark="1005")
    followers(account, 1, remark="100%", subscribed=False)
    followers(account, 1, remark="100%", blacklisted=True)
    with time_machine.travel(MORNING, tick=False):
        made("segment", segment=vips)
        look()
        assert inside() == [each.openid for each in members]
    (late,) = followers(account, 1, remark="100%")
    with time_machine.travel(MORNING + polling.EVERY, tick=False):
        look()
        look()
        assert inside() == sorted([*(each.openid for each in members), late.openid])


def test_a_look_that_is_cut_short_goes_on_where_it_was(
    account: OfficialAccount, made: Made, vips: Segment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "SLICE", 2)
    followers(account, 5, remark="100%")
    sequence = made("segment", segment=vips)
    several, asked = entering.several, []

    def dies_at_the_second(*args: Any, **kwargs: Any) -> Any:
        asked.append(1)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return several(*args, **kwargs)

    monkeypatch.setattr(entering, "several", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        look()
    assert len(inside()) == 2
    Sequence.objects.filter(pk=sequence.pk).update(due_at=timezone.now())
    look()
    assert len(set(inside())) == len(inside()) == 5


def test_after_some_days_they_enter_again_and_not_a_day_earlier(
    account: OfficialAccount, made: Made, vips: Segment
) -> None:
    (person,) = followers(account, 1, remark="100%")
    with time_machine.travel(MORNING, tick=False):
        made("segment", segment=vips, reentry="days", reentry_days=30)
        look()
        end_all()
    for days, times in ((29, 1), (30, 2), (31, 2)):
        with time_machine.travel(MORNING + days * A_DAY, tick=False):
            Sequence.objects.update(due_at=timezone.now())
            look()
            assert inside() == [person.openid] * times


def test_a_segment_whose_condition_is_gone_enters_nobody_and_says_so(
    account: OfficialAccount, made: Made, vips: Segment
) -> None:
    followers(account, 1, remark="100%")
    gone: Any = [{"field": "custom.999", "compare": "is", "value": "1"}]
    Segment.objects.filter(pk=vips.pk).update(conditions=gone)
    sequence = made("segment", segment=vips)
    look()
    sequence.refresh_from_db()
    assert inside() == []
    assert "deleted" in sequence.error or "删除" in sequence.error
    assert sequence.due_at is not None


@pytest.mark.parametrize("trigger", ["segment", "date"])
def test_a_sequence_says_that_what_it_began_with_was_deleted(
    account: OfficialAccount, made: Made, vips: Segment, trigger: str
) -> None:
    field = CustomField.objects.create(account=account, name="生日", kind="date")
    of_date = {"date_field": field, "date_at": datetime.time(9)}
    sequence = made(trigger, segment=vips) if trigger == "segment" else made(trigger, **of_date)
    (vips if trigger == "segment" else field).delete()
    Sequence.objects.update(due_at=timezone.now())
    look()
    sequence.refresh_from_db()
    assert (inside(), bool(sequence.error), sequence.due_at is not None) == ([], True, True)


@pytest.fixture
def birthday(account: OfficialAccount) -> CustomField:
    return CustomField.objects.create(account=account, name="生日", kind="date")


def born(account: OfficialAccount, field: CustomField, *days: str) -> list[str]:
    people = followers(account, len(days))
    for person, day in zip(people, days, strict=True):
        FieldValue.objects.create(field=field, follower=person, date=datetime.date.fromisoformat(day))
    return [person.openid for person in people]


def test_a_birthday_enters_at_its_time_of_day_and_next_year_again(
    account: OfficialAccount, made: Made, birthday: CustomField
) -> None:
    today, other = born(account, birthday, "1990-03-02", "1990-03-03")
    with time_machine.travel(MORNING, tick=False):
        made("date", date_field=birthday, date_at=datetime.time(9), reentry="always")
        look()
        assert inside() == []
    with time_machine.travel(MORNING + datetime.timedelta(hours=1), tick=False):
        look()
        look()
        assert inside() == [today]
        assert Enrolment.objects.get().since == MORNING.replace(hour=9)
    with time_machine.travel(MORNING.replace(year=2027, hour=9), tick=False):
        Sequence.objects.update(entered_day=datetime.date(2027, 3, 1))
        look()
        assert inside() == [today, today]
    assert other not in inside()


@pytest.mark.parametrize(
    ("days", "yearly", "at", "enters"),
    [
        (-3, True, "2026-02-27", ["1990-03-02"]),
        (2, True, "2026-03-04", ["1990-03-02"]),
        (0, False, "2026-03-02", ["2026-03-02"]),
        (-1, False, "2026-03-01", ["2026-03-02"]),
        # Born on a 29th of February: on the 28th, where there is none.
        (0, True, "2026-02-28", ["2000-02-29"]),
        (0, True, "2028-02-28", []),
        (0, True, "2028-02-29", ["2000-02-29"]),
    ],
)
def test_days_before_and_after_a_date(
    account: OfficialAccount, birthday: CustomField, days: int, yearly: bool, at: str, enters: list[str]
) -> None:
    asked = ("1990-03-02", "2026-03-02", "2000-02-29") if not yearly else ("1990-03-02", "2000-02-29")
    by_day = dict(zip(asked, born(account, birthday, *asked), strict=True))
    sequence = Sequence(account=account, trigger="date", date_field=birthday, date_days=days, yearly=yearly)
    found = polling.people_of(sequence, datetime.date.fromisoformat(at))
    assert sorted(found.values_list("openid", flat=True)) == sorted(by_day[day] for day in enters)


def test_a_day_that_was_missed_is_made_up_for_and_older_ones_are_not(
    account: OfficialAccount, made: Made, birthday: CustomField
) -> None:
    _monday, tuesday, wednesday = born(account, birthday, "1990-03-02", "1990-03-03", "1990-03-04")
    with time_machine.travel(MORNING, tick=False):
        made("date", date_field=birthday, date_at=datetime.time(9))
    with time_machine.travel(MORNING + 2 * A_DAY + datetime.timedelta(hours=2), tick=False):
        look()
        assert inside() == [tuesday, wednesday]


def test_whoever_enters_for_the_same_thing_twice_at_once_is_in_once(made: Made) -> None:
    """Two workers see the same last time; what is unique in the database decides."""
    sequence = made("follow", reentry="days", reentry_days=7)
    now = timezone.now()
    entering.one(sequence, "oSomebody", "follow:1", now - 8 * A_DAY)
    end_all()
    assert entering.one(sequence, "oSomebody", "follow:2", now)
    again = Enrolment.objects.latest("pk")
    Enrolment.objects.filter(pk=again.pk).update(began_at=now - 8 * A_DAY)
    first = Enrolment.objects.earliest("pk")
    assert again.occasion == f"after:{first.pk}"
