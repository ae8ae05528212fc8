"""A rule hands a follower to the desk: what they are told, who waits, and when nobody is there."""

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.staff.models import AuditEntry
from menus.models import Menu, Version
from menus.tree import write
from tests.callbacks import post
from tests.cast import Cast, signed_in
from tests.menus.conftest import button
from tests.platform import Platform
from tests.replies.conftest import RuleMaker, rule
from tests.working import react_to_due
from wechat.desk import boxes, threads
from wechat.desk.models import ReplyTime, ServiceHours, Thread
from wechat.inbox import reacting
from wechat.inbox.models import InboundMessage
from wechat.replies.models import Rule
from wechat.sdk.beijing import BEIJING

__all__ = ["rule"]

pytestmark = pytest.mark.django_db(transaction=True)

MONDAY = datetime.datetime(2026, 3, 2, 10, 0, tzinfo=BEIJING)
NIGHT = datetime.datetime(2026, 3, 6, 22, 0, tzinfo=BEIJING)
TOLD = "您好，前面还有 {ahead|几} 位，预计等待 {wait|几分钟}。"
AWAY = "现在不是服务时间（{hours}），我们{opens|稍后}回复您。"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """The clock, which stands still on Monday morning."""
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def handing(rule: RuleMaker) -> Rule:
    return rule(keywords=("人工",), replies=(TOLD,), hands_to="desk", away_text=AWAY)


@pytest.fixture
def weekdays(account: OfficialAccount) -> ServiceHours:
    return ServiceHours.objects.create(
        account=account,
        weekdays=[1, 2, 3, 4, 5],
        opens_at=datetime.time(9),
        closes_at=datetime.time(18),
    )


def sent(platform: Platform, xml: str) -> str:
    response = post(platform.safe(xml))
    return "" if response.content == b"success" else platform.opened(response.content)["Content"]


def waits(account: OfficialAccount, openid: str, minutes: int) -> None:
    """Makes another follower who has waited for so many minutes."""
    since = timezone.now() - datetime.timedelta(minutes=minutes)
    Thread.objects.create(account=account, openid=openid, newest_id=1, newest_at=since, waiting_since=since)


def test_the_follower_is_told_their_place_and_how_long_others_waited(
    platform: Platform, account: OfficialAccount, handing: Rule
) -> None:
    assert sent(platform, platform.text("转人工")) == "您好，前面还有 0 位，预计等待 几分钟。"
    waits(account, "oFirst", 30)
    waits(account, "oSecond", 10)
    for minutes in (2, 5, 60):
        waited = datetime.timedelta(minutes=minutes)
        ReplyTime.objects.create(account=account, at=timezone.now(), waited=waited)
    assert sent(platform, platform.text("转人工")) == "您好，前面还有 2 位，预计等待 约 5 分钟。"


def test_the_conversation_waits_on_the_desk_and_in_the_badge(
    platform: Platform, account: OfficialAccount, staff: Cast, handing: Rule
) -> None:
    sent(platform, platform.text("转人工"))
    assert boxes.waiting(account) == 0
    react_to_due()
    assert boxes.waiting(account) == 1
    html = signed_in(staff.service).get("/admin/desk/thread/?box=waiting").content.decode()
    assert "转人工" in html
    counts = signed_in(staff.service).get("/admin/todo/counts/").json()
    assert "1" in str(counts)
    assert "会话等待回复" in signed_in(staff.service).get("/admin/todo/").content.decode()


def test_a_repeated_callback_gets_the_same_answer_and_opens_one_conversation(
    platform: Platform, account: OfficialAccount, handing: Rule
) -> None:
    asked = platform.text("转人工", msg_id=7)
    first = sent(platform, asked)
    waits(account, "oFirst", 30)
    assert sent(platform, asked) == first
    react_to_due()
    row = InboundMessage.objects.get()
    reacting.react_to([row])
    assert Thread.objects.filter(openid=row.openid).count() == 1


def test_who_was_answered_does_not_wait_again_when_the_message_is_handled_again(
    platform: Platform, account: OfficialAccount, staff: Cast, handing: Rule
) -> None:
    sent(platform, platform.text("转人工"))
    react_to_due()
    threads.answered(Thread.objects.get(), staff.service)
    reacting.react_to(list(InboundMessage.objects.all()))
    assert boxes.waiting(account) == 0


def test_their_place_is_their_own_when_they_ask_again(
    platform: Platform, account: OfficialAccount, handing: Rule, clock: time_machine.Traveller
) -> None:
    sent(platform, platform.text("转人工"))
    react_to_due()
    clock.shift(datetime.timedelta(minutes=3))
    waits(account, "oLater", 1)
    assert sent(platform, platform.text("人工！")).startswith("您好，前面还有 0 位")


def test_outside_of_service_hours_they_are_told_when_somebody_is_there_and_wait_all_the_same(
    platform: Platform,
    account: OfficialAccount,
    handing: Rule,
    weekdays: ServiceHours,
    clock: time_machine.Traveller,
) -> None:
    assert sent(platform, platform.text("转人工")).startswith("您好，前面还有 0 位")
    clock.move_to(NIGHT)
    reply_text = "现在不是服务时间（周一至周五 09:00–18:00），我们3月9日 09:00回复您。"
    assert sent(platform, platform.text("转人工", openid="oNight")) == reply_text
    react_to_due()
    assert boxes.waiting(account) == 2


def test_waits_that_began_at_night_do_not_count_for_how_long_it_takes(
    platform: Platform, account: OfficialAccount, handing: Rule, weekdays: ServiceHours
) -> None:
    for waited in (datetime.timedelta(hours=12), datetime.timedelta(hours=13), datetime.timedelta(hours=14)):
        ReplyTime.objects.create(account=account, at=timezone.now(), waited=waited)
    assert "预计等待 几分钟" in sent(platform, platform.text("转人工"))
    for minutes in (1, 4, 9):
        waited = datetime.timedelta(minutes=minutes)
        ReplyTime.objects.create(account=account, at=timezone.now(), waited=waited)
    assert "预计等待 约 4 分钟" in sent(platform, platform.text("转人工"))


def test_a_tap_on_a_menu_hands_over_too(
    platform: Platform, account: OfficialAccount, staff: Cast, handing: Rule
) -> None:
    menu = Menu.objects.create(account=account, name="菜单")
    version = Version.objects.create(
        menu=menu, number=1, state=Version.State.PUBLISHED, published_at=timezone.now()
    )
    write(version, [button(rule=handing.pk, name="人工客服")])
    key = "<EventKey><![CDATA[menu:aaaa]]></EventKey>"
    assert sent(platform, platform.event("oTapped", "CLICK", key)).startswith("您好，前面还有 0 位")
    react_to_due()
    html = signed_in(staff.service).get("/admin/desk/thread/?box=waiting").content.decode()
    assert "人工客服" in html
    assert "menu:aaaa" not in html


def test_a_rule_that_hands_over_to_nobody_leaves_nobody_waiting(
    platform: Platform, account: OfficialAccount, rule: RuleMaker
) -> None:
    rule(keywords=("人工",), replies=("请稍候",))
    sent(platform, platform.text("人工"))
    react_to_due()
    assert boxes.waiting(account) == 0


def test_the_tester_says_to_whom_and_that_nobody_is_there(
    staff: Cast, handing: Rule, weekdays: ServiceHours
) -> None:
    editor = signed_in(staff.editor)
    asked = {"what": "text", "value": "人工"}
    html = editor.get("/admin/replies/rule/tester/", asked).content.decode()
    assert "转给：客服工作台" in html
    assert "您好，前面还有 0 位" in html
    assert "不在服务时间" not in html
    night = editor.get("/admin/replies/rule/tester/", {**asked, "at": "2026-03-06T22:00"}).content.decode()
    assert "不在服务时间" in night
    assert "周一至周五 09:00–18:00" in night


def test_the_hours_are_kept_by_the_service_staff_and_logged(staff: Cast, account: OfficialAccount) -> None:
    service = signed_in(staff.service)
    given: dict[str, Any] = {
        "account": account.pk, "weekdays": ["1", "2"], "opens_at": "09:00", "closes_at": "18:00",
    }  # fmt: skip
    page = service.post("/admin/desk/thread/hours/", given, follow=True).content.decode()
    assert "周一、周二 09:00–18:00" in page
    assert AuditEntry.objects.exists()
    wrong = service.post("/admin/desk/thread/hours/", {**given, "closes_at": "09:00"}).content.decode()
    assert "两个时间相同" in wrong
    service.post("/admin/desk/thread/hours/", {"account": account.pk, "always": "1"})
    assert not ServiceHours.objects.exists()
    assert signed_in(staff.editor).post("/admin/desk/thread/hours/", given).status_code == 403
