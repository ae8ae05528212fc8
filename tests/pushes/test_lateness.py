"""Tests of messages queued before an outage: those that are too late wait for a decision."""

import datetime
import json
from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES
from accounts.staff.models import AuditEntry
from tests.cast import Cast, message, signed_in
from tests.pushes.conftest import OK, WeChat
from tests.signed import business_system
from tests.working import send_due
from wechat.kernel import work
from wechat.kernel.models import Hold, LastTick
from wechat.kernel.tasks import tick
from wechat.kernel.work import downtime
from wechat.pushes import lateness, windows
from wechat.pushes.models import Push
from wechat.pushes.windows import Trigger
from wechat.webhooks.models import Delivery

pytestmark = pytest.mark.django_db(transaction=True)

Ask = Callable[..., Push]
MINUTES = datetime.timedelta(minutes=1)
HOURS = datetime.timedelta(hours=1)
DAYS = datetime.timedelta(days=1)
LIST = "admin:pushes_push_changelist"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=True) as traveller:
        yield traveller


@pytest.fixture
def welcome(wechat: WeChat, wrote: Callable[..., None], asked: Ask) -> Push:
    """A message that was queued a moment before everything stopped."""
    wechat.routes["/cgi-bin/get_api_domain_ip"] = lambda request: OK
    downtime.note_work()
    wrote()
    return asked("欢迎")


def state(push: Push) -> tuple[str, str]:
    push.refresh_from_db()
    return push.state, push.reason


def press(staff: Cast, button: str) -> str:
    posted = {"account": staff.ours.pk, button: ""}
    answer = signed_in(staff.owner).post(reverse("admin:pushes_push_late"), posted, follow=True)
    return str(answer.content.decode())


def list_warns(staff: Cast) -> bool:
    html = signed_in(staff.owner).get(reverse(LIST)).content.decode()
    return "已严重延迟" in html and reverse("admin:pushes_push_late") in html


def test_after_days_without_a_worker_it_waits_and_goes_when_somebody_says_so(
    wechat: WeChat, welcome: Push, staff: Cast, clock: time_machine.Traveller
) -> None:
    clock.shift(47 * HOURS)
    send_due()
    assert (wechat.received, state(welcome)) == ([], ("skipped", "late"))
    assert list_warns(staff)
    press(staff, "send")
    assert not list_warns(staff)
    send_due()
    assert wechat.received == [("oA", "欢迎")]
    assert AuditEntry.objects.filter(object_id=str(staff.ours.pk)).exists()


def test_called_off_it_is_never_sent(
    wechat: WeChat, welcome: Push, staff: Cast, clock: time_machine.Traveller
) -> None:
    clock.shift(47 * HOURS)
    send_due()
    assert "已取消 1 项" in press(staff, "cancel")
    send_due()
    assert (wechat.received, state(welcome)) == ([], ("skipped", "called_off"))
    assert not list_warns(staff)


def test_who_may_not_send_may_not_decide(staff: Cast, welcome: Push, clock: time_machine.Traveller) -> None:
    clock.shift(47 * HOURS)
    send_due()
    answer = signed_in(staff.service).post(reverse("admin:pushes_push_late"), {"send": ""})
    assert (answer.status_code, state(welcome)) == (403, ("skipped", "late"))


def test_a_short_outage_makes_nothing_late(
    wechat: WeChat, welcome: Push, clock: time_machine.Traveller
) -> None:
    clock.shift(55 * MINUTES)
    send_due()
    assert wechat.received == [("oA", "欢迎")]


def test_what_was_planned_for_a_time_within_the_outage_is_late_and_what_comes_after_it_is_not(
    wechat: WeChat, welcome: Push, wrote: Callable[..., None], asked: Ask, clock: time_machine.Traveller
) -> None:
    planned = asked("提醒", openid="oB", at=timezone.now() + 3 * HOURS)
    later = asked("明天", openid="oC", at=timezone.now() + 49 * HOURS)
    clock.shift(47 * HOURS)
    for openid in "oA", "oB":
        wrote(openid)
    fresh = asked("新消息")
    send_due()
    assert (state(planned), state(later)) == (("skipped", "late"), ("pending", ""))
    # The late one is in nobody's way.
    assert (wechat.received, state(fresh)) == ([("oA", "新消息")], ("sent", ""))


def test_the_tick_finds_what_is_late_as_well(welcome: Push, clock: time_machine.Traveller) -> None:
    clock.shift(47 * HOURS)
    downtime.note_work()
    assert state(welcome) == ("skipped", "late")


def test_a_slow_queue_makes_nothing_late(
    wechat: WeChat, welcome: Push, clock: time_machine.Traveller
) -> None:
    """Its messages wait for longer than an hour, and somebody works all the time."""
    for _ in range(4):
        clock.shift(30 * MINUTES)
        downtime.note_work()
    send_due()
    assert wechat.received == [("oA", "欢迎")]


def test_what_a_hold_kept_for_hours_goes_by_itself(
    account: OfficialAccount, wechat: WeChat, welcome: Push, clock: time_machine.Traveller
) -> None:
    hold(account, 20 * HOURS)
    for _ in range(21):
        clock.shift(HOURS - MINUTES)
        downtime.note_work()
    clock.shift(MINUTES)
    send_due()
    assert wechat.received == [("oA", "欢迎")]


def test_what_a_hold_kept_for_days_waits_for_a_person(
    account: OfficialAccount, wechat: WeChat, welcome: Push, asked: Ask, clock: time_machine.Traveller
) -> None:
    hold(account, 40 * HOURS)
    for _ in range(41):
        clock.shift(HOURS - MINUTES)
        downtime.note_work()
    clock.shift(MINUTES)
    windows.grant(account, "oA", Trigger.MESSAGE, timezone.now())
    asked("新消息")
    send_due()
    assert (wechat.received, state(welcome)) == ([("oA", "新消息")], ("skipped", "late"))


def hold(account: OfficialAccount, lasting: datetime.timedelta) -> None:
    now = timezone.now()
    Hold.objects.create(
        work="pushes.send",
        part="service",
        subject=account.pk,
        cause="away",
        since=now,
        until=now + lasting,
    )


def test_the_business_system_that_asked_for_it_is_told(
    account: OfficialAccount, wechat: WeChat, clock: time_machine.Traveller
) -> None:
    downtime.note_work()
    shop = business_system(account, scopes=["push:write", "push:read"])
    shop.put("/api/v1/push/webhook", {"url": "https://shop.example.com/hook"})
    body = {"to": "oFollower000000000001", "content": {"type": "text", "content": "您的包裹已发出"}}
    (asked,) = shop.post("/api/v1/push", body).json()["messages"]
    clock.shift(47 * HOURS)
    send_due()
    found = shop.get(f"/api/v1/push/{asked['id']}").json()
    assert (found["state"], found["reason"]) == ("skipped", "late")
    (report,) = Delivery.objects.all()
    assert json.loads(report.body)["data"]["push"]["reason"] == "late"


def test_the_first_tick_ever_makes_nothing_late(wechat: WeChat, welcome: Push) -> None:
    LastTick.objects.all().delete()
    Push.objects.update(due_at=timezone.now() - 2 * DAYS)
    send_due()
    assert wechat.received == [("oA", "欢迎")]


def test_a_worker_at_work_is_noted_by_every_tick(db: None, clock: time_machine.Traveller) -> None:
    tick()
    before = LastTick.objects.get().at
    clock.shift(MINUTES)
    downtime.note_work()
    assert LastTick.objects.get().at >= before + MINUTES


def test_after_a_restore_what_waited_in_the_backup_is_asked_about_and_not_sent_again(
    wechat: WeChat, welcome: Push, staff: Cast
) -> None:
    call_command("after_restore", verbosity=0)
    send_due()
    assert wechat.received == []
    assert state(welcome) == ("skipped", "late")
    press(staff, "send")
    send_due()
    assert wechat.received == [("oA", "欢迎")]


def test_after_a_restore_a_message_that_may_have_been_answered_is_left_to_a_person(
    wechat: WeChat, staff: Cast
) -> None:
    row = message(staff.ours, "你好", due_at=timezone.now(), handled_at=None)
    call_command("after_restore", verbosity=0)
    send_due()
    assert not work.KINDS.get("inbox.react").is_due()
    failed = SOURCES.get("messages")
    (found,) = failed.rows(staff.ours)
    assert (found.pk, found.handled_at) == (row.pk, None)
    assert failed.again
    failed.again(failed.rows(staff.ours))
    assert work.run("inbox.react") == 1


def test_nothing_late_is_no_decision(account: OfficialAccount) -> None:
    assert lateness.waiting(account.pk) is None
    assert (lateness.send(account.pk), lateness.cancel(account.pk)) == (0, 0)
