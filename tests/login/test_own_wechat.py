"""A colleague binds the WeChat they try things out with by scanning a code."""

import datetime

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.followers.models import OwnWeChat
from accounts.followers.person_picker import own_openid
from tests.callbacks import post
from tests.cast import Cast, signed_in
from tests.platform import Platform
from tests.simulated import Simulated
from tests.working import react_to_due, react_to_late
from wechat.inbox import routing
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db(transaction=True)

MINE, THEIRS = "oColleague0000000000000001", "oPasserBy00000000000000001"


@pytest.fixture
def address(simulated: Simulated, staff: Cast) -> str:
    simulated.create_account(staff.ours)
    return reverse("admin:login_own_wechat")


def scan(platform: Platform, openid: str) -> str:
    """Scans the code that waits; returns what the chat says."""
    scene = OwnWeChat.objects.get().scene
    answer = post(platform.safe(platform.event(openid, "SCAN", f"<EventKey>{scene}</EventKey>")))
    react_to_due()
    return platform.opened(answer.content).get("Content", "") if b"Encrypt" in answer.content else ""


def test_whoever_scans_the_code_is_the_colleague_from_then_on(
    address: str, staff: Cast, platform: Platform
) -> None:
    browser = signed_in(staff.editor)
    shown = browser.post(address, {"account": staff.ours.pk, "scan": "1"}).content.decode()
    assert "data:image/svg+xml" in shown
    assert "data-moving" in browser.get(address, {"part": "state"}).content.decode()
    assert "已绑定" in scan(platform, MINE)
    assert own_openid(staff.editor.pk, staff.ours.pk) == MINE
    assert "data-moving" not in browser.get(address, {"part": "state"}).content.decode()
    assert own_openid(staff.owner.pk, staff.ours.pk) == ""


def test_who_is_answered_late_reads_that_it_is_bound(
    address: str, staff: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(staff.editor).post(address, {"account": staff.ours.pk, "scan": "1"})
    monkeypatch.setattr(routing, "BUDGET_SECONDS", 0)
    assert scan(platform, MINE) == ""
    assert react_to_late() == 1
    assert own_openid(staff.editor.pk, staff.ours.pk) == MINE
    (push,) = Push.objects.all()
    assert push.cause == "login"
    assert "已绑定" in push.content["content"]


def test_a_code_that_was_scanned_belongs_to_nobody_else(
    address: str, staff: Cast, platform: Platform
) -> None:
    signed_in(staff.editor).post(address, {"account": staff.ours.pk, "scan": "1"})
    scan(platform, MINE)
    assert "已绑定" in scan(platform, MINE)
    assert "已失效" in scan(platform, THEIRS)
    assert own_openid(staff.editor.pk, staff.ours.pk) == MINE


def test_a_code_is_good_for_five_minutes(address: str, staff: Cast, platform: Platform) -> None:
    browser = signed_in(staff.editor)
    browser.post(address, {"account": staff.ours.pk, "scan": "1"})
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=6)):
        assert "已绑定" not in scan(platform, THEIRS)
    assert own_openid(staff.editor.pk, staff.ours.pk) == ""


def test_what_is_bound_can_be_unbound(address: str, staff: Cast) -> None:
    OwnWeChat.objects.create(user=staff.editor, account=staff.ours, openid=MINE)
    OwnWeChat.objects.create(user=staff.owner, account=staff.ours, openid=THEIRS)
    signed_in(staff.editor).post(address, {"account": staff.ours.pk, "forget": "1"})
    assert list(OwnWeChat.objects.values_list("openid", flat=True)) == [THEIRS]
