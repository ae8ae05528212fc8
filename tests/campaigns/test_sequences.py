"""Sequences: who enters, what goes out and when, and what stops it."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.official.models import OfficialAccount
from tests.cast import message
from tests.working import react_to_due
from wechat.campaigns.models import Enrolment, Sequence, SequenceStep, StepRun
from wechat.campaigns.sequences import enrolling, report, running, timing
from wechat.channels.models import Channel
from wechat.kernel import hours, work
from wechat.pushes import windows
from wechat.pushes.models import Push, Template
from wechat.pushes.windows import Trigger
from wechat.sdk.beijing import BEIJING

pytestmark = pytest.mark.django_db

OPENID = "oFollower000000000000000001"
Made = Callable[..., Sequence]


@pytest.fixture
def made(account: OfficialAccount) -> Made:
    """Makes a sequence that is on; each step is (minutes to wait, what it says)."""

    def make(*steps: tuple[int, str], **fields: Any) -> Sequence:
        usual = {"account": account, "name": f"序列{Sequence.objects.count()}", "enabled": True}
        sequence = Sequence.objects.create(**{**usual, **fields})
        for position, (wait, words) in enumerate(steps):
            SequenceStep.objects.create(
                sequence=sequence, position=position, wait=wait, content={"type": "text", "content": words}
            )
        return sequence

    return make


@pytest.fixture
def _open_window(account: OfficialAccount) -> None:
    windows.grant(account, OPENID, Trigger.MESSAGE, timezone.now())


def happens(account: OfficialAccount, event: str, inner: str = "", *, kind: str = "event") -> None:
    body = (
        f"<xml><ToUserName>gh_0123456789ab</ToUserName><FromUserName>{OPENID}</FromUserName>"
        f"<CreateTime>1764000000</CreateTime><MsgType>event</MsgType><Event>{event}</Event>{inner}</xml>"
    )
    message(account, kind=kind, event=event.lower(), body=body, due_at=timezone.now(), handled_at=None)
    react_to_due()


def start(account: OfficialAccount, key: str = "test:1", at: datetime.datetime | None = None) -> int:
    return enrolling.start(account, OPENID, "follow", key, at=at or timezone.now())


def later(minutes: float) -> None:
    """Lets time pass for everybody inside, after which the worker looks."""
    passed = datetime.timedelta(minutes=minutes)
    for enrolment in Enrolment.objects.all():
        enrolment.since -= passed
        enrolment.due_at = enrolment.due_at and timezone.now()
        enrolment.save()
    work.run("campaigns.run_sequences")


def sent_texts() -> list[str]:
    return [push.content.get("content", push.template) for push in Push.objects.order_by("pk")]


@pytest.mark.usefixtures("_open_window")
def test_messages_follow_one_another_at_their_delays(account: OfficialAccount, made: Made) -> None:
    made((0, "欢迎"), (60, "一小时后"), (1440, "一天后"))
    happens(account, "subscribe", "<EventKey></EventKey>")
    work.run("campaigns.run_sequences")
    assert sent_texts() == ["欢迎"]
    later(59)
    assert sent_texts() == ["欢迎"]
    later(1)
    assert sent_texts() == ["欢迎", "一小时后"]
    later(1440)
    enrolment = Enrolment.objects.get()
    assert (sent_texts()[-1], enrolment.state, enrolment.due_at) == ("一天后", "finished", None)


@pytest.mark.usefixtures("_open_window")
def test_the_same_occasion_enrols_once_and_a_second_look_sends_nothing_twice(
    account: OfficialAccount, made: Made
) -> None:
    made((0, "欢迎"), (60, "一小时后"))
    assert (start(account), start(account)) == (1, 0)
    work.run("campaigns.run_sequences")
    # Killed after the step and before it was noted how far they are.
    Enrolment.objects.update(since=timezone.now() - datetime.timedelta(days=1), due_at=timezone.now())
    work.run("campaigns.run_sequences")
    assert sent_texts() == ["欢迎", "一小时后"]
    assert StepRun.objects.count() == 2


@pytest.mark.usefixtures("_open_window")
def test_a_killed_workers_lease_ends_and_the_step_goes_out(account: OfficialAccount, made: Made) -> None:
    made((0, "欢迎"))
    start(account)
    Enrolment.objects.update(due_at=timezone.now() + running.ENROLMENTS.lease)
    work.run("campaigns.run_sequences")
    assert sent_texts() == []
    Enrolment.objects.update(due_at=timezone.now())
    work.run("campaigns.run_sequences")
    assert sent_texts() == ["欢迎"]


def test_a_scan_enters_the_sequences_of_its_channel_only(account: OfficialAccount, made: Made) -> None:
    one = Channel.objects.create(account=account, name="一号店")
    two = Channel.objects.create(account=account, name="二号店")
    mine = made((0, "一号店欢迎"), trigger="scan", channel=one)
    anyones = made((0, "欢迎"), trigger="scan")
    made((0, "二号店欢迎"), trigger="scan", channel=two)
    happens(account, "SCAN", f"<EventKey>{one.scene}</EventKey>")
    assert set(Enrolment.objects.values_list("sequence", flat=True)) == {mine.pk, anyones.pk}


def test_a_sequence_that_is_off_takes_nobody(account: OfficialAccount, made: Made) -> None:
    made((0, "欢迎"), enabled=False)
    assert start(account) == 0


def test_without_a_window_the_template_goes_out_or_nothing_with_the_reason(
    account: OfficialAccount, made: Made
) -> None:
    template = Template.objects.create(
        account=account, kind="template", platform_id="T1", title="提醒", content="门店:{{thing1.DATA}}\n"
    )
    sequence = made((0, "没有模板"), (0, "有模板"), (0, "模板没填"))
    SequenceStep.objects.filter(position__gt=0).update(template=template)
    SequenceStep.objects.filter(position=1).update(values={"thing1": "{account}天河店"})
    start(account)
    work.run("campaigns.run_sequences")
    push = Push.objects.get()
    assert (push.kind, push.template, push.content["values"]) == (
        "template", "T1", {"thing1": "演示服务号天河店"},
    )  # fmt: skip
    # What follows a template message waits until that has left.
    assert StepRun.objects.count() == 2
    Push.objects.update(state="sent", sent_at=timezone.now(), due_at=None)
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=10)):
        work.run("campaigns.run_sequences")
    skipped = [run.skipped for run in StepRun.objects.order_by("pk")]
    assert skipped == ["no_window", "", "no_window"]
    lines = [report.steps([step])[step.pk] for step in sequence.steps.all()]
    assert [(line["passed"], line["sending"], line["skipped"]) for line in lines] == [
        (1, 0, 1), (1, 0, 0), (1, 0, 1)
    ]  # fmt: skip


@pytest.mark.usefixtures("_open_window")
def test_a_reply_stops_it_and_an_older_message_does_not(account: OfficialAccount, made: Made) -> None:
    made((10, "还在吗"))
    older = message(account, "早就写了", due_at=timezone.now(), handled_at=None)
    start(account, at=older.received_at + datetime.timedelta(seconds=1))
    react_to_due()
    assert Enrolment.objects.get().state == "running"
    newer = timezone.now() + datetime.timedelta(seconds=2)
    message(account, "在", due_at=timezone.now(), handled_at=None, received_at=newer)
    react_to_due()
    enrolment = Enrolment.objects.get()
    assert (enrolment.state, enrolment.reason) == ("stopped", "replied")
    later(10)
    assert sent_texts() == []


def test_who_leaves_gets_no_more(account: OfficialAccount, made: Made) -> None:
    made((10, "还在吗"), stop_on_reply=False)
    start(account)
    happens(account, "unsubscribe", "<EventKey></EventKey>")
    enrolment = Enrolment.objects.get()
    assert (enrolment.state, enrolment.reason) == ("stopped", "left")


def test_a_purchase_stops_what_waits_for_it_and_not_what_it_began(
    account: OfficialAccount, made: Made
) -> None:
    made((10, "别忘了下单"), stop_on_purchase=True)
    made((10, "谢谢下单"), trigger="order", stop_on_purchase=True, reentry="always")
    start(account)
    for _twice in range(2):
        enrolling.purchased(account, OPENID, "order:1")
        enrolling.start(account, OPENID, "order", "order:1", at=timezone.now())
    states = dict(Enrolment.objects.values_list("began_with", "state"))
    assert states == {"test:1": "stopped", "order:1": "running"}


@pytest.mark.usefixtures("_open_window")
def test_the_higher_priority_goes_first_and_the_lower_waits(account: OfficialAccount, made: Made) -> None:
    made((0, "低"), priority=1)
    high = made((5, "高"), priority=9)
    start(account)
    work.run("campaigns.run_sequences")
    assert sent_texts() == []
    assert Enrolment.objects.exclude(sequence=high).get().state == "paused"
    later(5)
    assert sent_texts() == ["高", "低"]
    assert set(Enrolment.objects.values_list("state", flat=True)) == {"finished"}


@pytest.mark.usefixtures("_open_window")
def test_one_that_fails_for_good_lets_those_behind_it_go_on(
    account: OfficialAccount, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    made((0, "低"), priority=1)
    high = made((5, "高"), priority=9)
    start(account)
    work.run("campaigns.run_sequences")

    def broken(sequence: Sequence, step: SequenceStep, at: datetime.datetime) -> datetime.datetime:
        if sequence.pk == high.pk:
            raise ZeroDivisionError
        return at

    monkeypatch.setattr(timing, "allowed", broken)
    Enrolment.objects.filter(sequence=high).update(attempts=len(running.ENROLMENTS.retry))
    later(5)
    failed, waited = Enrolment.objects.get(sequence=high), Enrolment.objects.exclude(sequence=high).get()
    assert (failed.state, failed.reason) == ("stopped", "fault")
    assert (waited.state, sent_texts()) == ("finished", ["低"])


@pytest.mark.usefixtures("_open_window")
def test_switching_one_off_lets_those_behind_it_go_on(account: OfficialAccount, made: Made) -> None:
    made((0, "低"), priority=1)
    high = made((5, "高"), priority=9)
    start(account)
    work.run("campaigns.run_sequences")
    high.enabled = False
    high.save()
    enrolling.reschedule(high)
    work.run("campaigns.run_sequences")
    assert sent_texts() == ["低"]
    high.enabled = True
    high.save()
    enrolling.reschedule(high)
    later(5)
    assert sent_texts() == ["低", "高"]


@pytest.mark.usefixtures("_open_window")
def test_a_change_counts_for_those_who_have_not_reached_it(account: OfficialAccount, made: Made) -> None:
    sequence = made((0, "一"), (60, "二"))
    start(account)
    work.run("campaigns.run_sequences")
    first, second = sequence.steps.all()
    first.content = {"type": "text", "content": "一改"}
    first.save()
    second.wait, second.content = 5, {"type": "text", "content": "二改"}
    second.save()
    enrolling.reschedule(sequence)
    later(5)
    assert sent_texts() == ["一", "二改"]


@pytest.mark.usefixtures("_open_window")
def test_steps_in_another_order_send_nothing_twice(account: OfficialAccount, made: Made) -> None:
    sequence = made((0, "一"), (10, "二"))
    start(account)
    work.run("campaigns.run_sequences")
    first, second = sequence.steps.all()
    first.position, second.position = 1, 0
    first.save()
    second.save()
    later(60)
    assert sent_texts() == ["一"]


@pytest.mark.parametrize(
    ("begins", "ends", "at", "until"),
    [
        ("22:00", "08:00", "23:30", "08:00"),
        ("22:00", "08:00", "07:59", "08:00"),
        ("22:00", "08:00", "08:00", "08:00"),
        ("22:00", "08:00", "12:00", "12:00"),
        ("12:00", "14:00", "13:00", "14:00"),
        ("12:00", "14:00", "14:30", "14:30"),
    ],
)
def test_what_falls_into_the_quiet_time_moves_to_its_end(begins: str, ends: str, at: str, until: str) -> None:
    clock = datetime.time.fromisoformat
    sequence = Sequence(quiet_from=clock(begins), quiet_until=clock(ends))
    day = datetime.datetime(2026, 3, 2, tzinfo=BEIJING)
    hour, minute = map(int, at.split(":"))
    moved = timing.after_quiet(sequence, day.replace(hour=hour, minute=minute))
    assert moved.strftime("%H:%M") == until
    assert moved >= day.replace(hour=hour, minute=minute)
    assert moved - day.replace(hour=hour, minute=minute) < datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("at", "day", "until"),
    [
        # The 6th is a Friday.
        ("2026-03-06 23:00", "", "2026-03-07 08:00"),
        ("2026-03-06 23:00", "workdays", "2026-03-09 08:00"),
        ("2026-03-08 22:30", "weekend", "2026-03-14 08:00"),
        ("2026-03-06 07:00", "5", "2026-03-06 08:00"),
    ],
)
def test_what_the_quiet_time_moves_to_another_day_waits_for_its_own(at: str, day: str, until: str) -> None:
    sequence = Sequence(quiet_from=datetime.time(22), quiet_until=datetime.time(8))
    step = SequenceStep(type="message", day=day)
    moved = timing.allowed(sequence, step, datetime.datetime.fromisoformat(at).replace(tzinfo=BEIJING))
    assert f"{moved:%Y-%m-%d %H:%M}" == until


@pytest.mark.parametrize(("minutes", "sent"), [(3, ["周一见"]), (30, [])])
def test_what_comes_late_to_the_end_of_its_day_waits_for_the_next_and_what_is_on_time_goes(
    account: OfficialAccount, made: Made, minutes: int, sent: list[str]
) -> None:
    friday = datetime.datetime(2026, 3, 6, 23, 58, tzinfo=BEIJING)
    with time_machine.travel(friday, tick=False):
        windows.grant(account, OPENID, Trigger.MESSAGE, friday)
        made((0, "周一见"))
        SequenceStep.objects.update(day="workdays")
        start(account)
    with time_machine.travel(friday + datetime.timedelta(minutes=minutes), tick=False):
        work.run("campaigns.run_sequences")
    assert sent_texts() == sent
    due = Enrolment.objects.get().due_at
    assert sent or due == datetime.datetime(2026, 3, 9, 0, 28, tzinfo=BEIJING)


def test_steps_at_a_time_of_day_follow_day_by_day_though_each_is_done_a_moment_late(
    account: OfficialAccount, made: Made
) -> None:
    half_past_nine = datetime.time(9, 30)
    sequence = made((0, "一"), (1440, "二"), (1440, "三"))
    sequence.steps.update(at_time=half_past_nine)
    start(account)
    first = due_at = hours.next_time(half_past_nine, timezone.now())
    for _each in range(2):
        assert Enrolment.objects.get().due_at == due_at
        with time_machine.travel(due_at + datetime.timedelta(seconds=3), tick=False):
            work.run("campaigns.run_sequences")
        due_at += datetime.timedelta(days=1)
    assert Enrolment.objects.get().due_at == first + datetime.timedelta(days=2)


@pytest.mark.usefixtures("_open_window")
def test_a_step_that_was_done_late_delays_the_next(account: OfficialAccount, made: Made) -> None:
    made((0, "一"), (60, "二"))
    start(account, at=timezone.now() - datetime.timedelta(hours=2))
    work.run("campaigns.run_sequences")
    due_at = Enrolment.objects.get().due_at
    assert sent_texts() == ["一"]
    assert due_at is not None
    assert due_at - timezone.now() > datetime.timedelta(minutes=59)


@pytest.mark.usefixtures("_open_window")
def test_a_step_in_the_quiet_time_waits_for_its_end(account: OfficialAccount, made: Made) -> None:
    now = timezone.now().astimezone(BEIJING)
    begins, ends = now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=1)
    made((0, "早安"), quiet_from=begins.time(), quiet_until=ends.time())
    start(account)
    work.run("campaigns.run_sequences")
    due_at = Enrolment.objects.get().due_at
    assert sent_texts() == []
    assert due_at is not None
    assert datetime.timedelta(minutes=58) < due_at - now < datetime.timedelta(minutes=61)


@pytest.mark.usefixtures("_open_window")
def test_whoever_was_sent_something_else_lately_is_left_out(account: OfficialAccount, made: Made) -> None:
    made((0, "甲一"), (0, "甲二"), name="甲", cap_days=3)
    usual = {"account": account, "openid": OPENID, "kind": "template", "template": "T1", "content": {}}
    for days, skipped in ((2, "recently"), (4, "")):
        at = timezone.now() - datetime.timedelta(days=days)
        Push.objects.all().delete()
        other = Push.objects.create(
            key=f"other:{days}", cause="campaign:1", state="sent", sent_at=at, due_at=None, **usual
        )
        Push.objects.filter(pk=other.pk).update(created_at=at)
        Enrolment.objects.all().delete()
        start(account)
        work.run("campaigns.run_sequences")
        # What the sequence itself has sent does not count.
        assert set(StepRun.objects.values_list("skipped", flat=True)) == {skipped}
