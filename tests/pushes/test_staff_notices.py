"""Colleagues are told in their own WeChat when something new waits for them, if they asked for it."""

import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from accounts.approvals import asking
from accounts.followers.models import Follower, OwnWeChat
from accounts.official.models import OfficialAccount
from payments.orders.refunds.approval import REFUND
from tests.cast import Cast, signed_in
from tests.console import world
from wechat.kernel import work
from wechat.kernel.models import Hold
from wechat.pushes.models import EventTemplate, Push, StaffNotice, Template

pytestmark = pytest.mark.django_db

OPENID = "oOwnerOfTheAccount0000000001"
NOON = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
PAGE = "/admin/pushes/push/tell-me/"


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def ready(staff: Cast, settings: Any, tmp_path: Any) -> Any:
    """An owner whose WeChat is bound, an account with a template for it, and the switch turned on."""
    settings.MEDIA_ROOT = tmp_path
    settings.PUBLIC_URL = "https://console.example.com"
    made = world.build(staff.ours)
    bound(staff.owner, staff.ours)
    template(staff.ours)
    switched(staff, "on")
    Push.objects.all().delete()
    return made


def bound(user: User, account: OfficialAccount) -> None:
    Follower.objects.create(account=account, openid=OPENID, subscribed=True)
    OwnWeChat.objects.create(user=user, account=account, openid=OPENID)


def template(account: OfficialAccount) -> None:
    kept = Template.objects.create(
        account=account,
        kind="template",
        platform_id="staff-template",
        title="待办提醒",
        content="{{thing1.DATA}}",
    )
    EventTemplate.objects.create(
        account=account, event="staff.waiting", template=kept, values={"thing1": "{number} 项：{what}"}
    )


def switched(staff: Cast, way: str) -> None:
    form = {"account": staff.ours.pk, way: "1"}
    assert signed_in(staff.owner).post(PAGE, form).status_code == 302


def later(clock: Any, made: Any = None, **pause: float) -> None:
    clock.shift(datetime.timedelta(**pause))
    work.run("pushes.notify_staff")


def a_refund_waits(made: Any) -> None:
    request = asking.Request(made.account.pk, None, "A20260302001 · ¥99.00", 9900)
    asking.wait(REFUND, request, None)


def sent_notices() -> list[tuple[str, str, str]]:
    pushes = Push.objects.filter(cause__startswith="event:", openid=OPENID)
    return [(each.openid, str(each.content["values"]), each.content["url"]) for each in pushes]


def test_what_waited_before_is_not_told(ready: Any, clock: Any) -> None:
    later(clock, minutes=6)
    assert sent_notices() == []


def test_something_new_is_told_once_with_a_link_to_the_page(ready: Any, clock: Any) -> None:
    a_refund_waits(ready)
    later(clock, minutes=6)
    [(_openid, values, url)] = sent_notices()
    assert "审批" in values
    assert url == "https://console.example.com/admin/todo/"
    later(clock, minutes=6)
    assert len(sent_notices()) == 1


def test_a_night_that_brought_many_kinds_of_work_is_told_in_what_the_field_can_hold(
    staff: Cast, ready: Any, clock: Any
) -> None:
    until = timezone.now() + datetime.timedelta(days=2)
    for held in ("campaigns.run", "campaigns.mass_send", "campaigns.run_sequences", "channels.make_codes"):
        Hold.objects.create(
            work=held, subject=staff.ours.pk, cause="quota", since=timezone.now(), until=until
        )
    later(clock, minutes=6)
    [push] = Push.objects.filter(cause__startswith="event:", openid=OPENID)
    value = push.content["values"]["thing1"]
    assert (len(value), value[:4], value[-1]) == (20, "4 项：", "…")


def test_what_comes_by_night_is_told_in_the_morning(ready: Any, clock: Any) -> None:
    later(clock, hours=11)
    a_refund_waits(ready)
    later(clock, hours=3)
    assert sent_notices() == []
    later(clock, hours=7)
    assert len(sent_notices()) == 1


def test_hours_of_faults_do_not_end_the_notices(ready: Any, clock: Any) -> None:
    automatic = EventTemplate.objects.filter(event="staff.waiting")
    values = automatic.get().values
    automatic.update(values=["broken"])
    a_refund_waits(ready)
    for _hour in range(8):
        later(clock, minutes=61)
    assert sent_notices() == []
    automatic.update(values=values)
    later(clock, minutes=61)
    assert len(sent_notices()) == 1


def test_whoever_stops_it_is_told_nothing_more(staff: Cast, ready: Any, clock: Any) -> None:
    switched(staff, "off")
    assert not StaffNotice.objects.exists()
    a_refund_waits(ready)
    later(clock, minutes=6)
    assert sent_notices() == []


def test_whoever_lost_their_rights_is_told_nothing_more(staff: Cast, ready: Any, clock: Any) -> None:
    User.objects.filter(pk=staff.owner.pk).update(is_active=False)
    a_refund_waits(ready)
    later(clock, minutes=6)
    assert sent_notices() == []


def test_it_cannot_be_switched_on_before_there_is_somebody_to_tell(staff: Cast) -> None:
    template(staff.ours)
    switched(staff, "on")
    assert not StaffNotice.objects.exists()
    page = signed_in(staff.owner).get(PAGE).content.decode()
    assert reverse("admin:login_own_wechat") in page
    assert "disabled" in page


def test_the_notice_is_due_again_whatever_waits(staff: Cast, ready: Any, clock: Any) -> None:
    later(clock, minutes=6)
    due_at = StaffNotice.objects.get(user=staff.owner).due_at
    assert due_at is not None
    assert due_at > timezone.now()
