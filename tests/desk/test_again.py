"""A message that did not arrive stays in the conversation, with why, and can be sent again there."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.followers.models import Follower
from accounts.staff.models import AuditEntry
from tests.cast import Cast
from tests.desk.conftest import OPENID, Wrote
from tests.desk.test_replying import act
from wechat.desk.models import Takeover
from wechat.pushes import subscription_quota, windows
from wechat.pushes.models import Push, Template

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(staff: Cast, wrote: Wrote) -> Push:
    wrote()
    return Push.objects.create(
        account=staff.ours, openid=OPENID, key="desk:1:a", content={"type": "text", "content": "七天内可退"},
        cause=f"staff:{staff.service.pk}", state="failed", reason="refused", errcode=45047, attempts=1,
    )  # fmt: skip


def conversation(desk: Client) -> str:
    return desk.get("/admin/desk/thread/", {"who": OPENID}).content.decode()


def again(desk: Client, push: Push, wrote: Wrote) -> Any:
    return act(desk, wrote(), "again", push=push.pk)


def test_it_is_shown_with_its_reason_and_a_button(desk: Client, failed: Push) -> None:
    page = conversation(desk)
    assert "七天内可退" in page
    assert "45047" in page
    assert f'name="push" value="{failed.pk}"' in page


def test_pressing_sends_it_again_and_leaves_a_note(desk: Client, failed: Push, wrote: Wrote) -> None:
    assert again(desk, failed, wrote).status_code == 200
    failed.refresh_from_db()
    assert (failed.state, failed.reason, failed.errcode) == ("pending", "", None)
    assert "45047" in AuditEntry.objects.get(object_id=str(failed.pk)).words
    assert Takeover.objects.get().user.username == "service"
    assert f'name="push" value="{failed.pk}"' not in conversation(desk)


def test_pressing_twice_sends_it_once(desk: Client, failed: Push, wrote: Wrote) -> None:
    again(desk, failed, wrote)
    assert again(desk, failed, wrote).status_code == 422
    assert Push.objects.count() == 1


def test_without_an_open_window_it_says_so(desk: Client, staff: Cast, failed: Push, wrote: Wrote) -> None:
    thread = wrote()
    windows.exhaust(staff.ours, OPENID, timezone.now())
    answer = act(desk, thread, "again", push=failed.pk)
    assert answer.status_code == 422
    assert answer.json()["error"]
    failed.refresh_from_db()
    assert failed.state == "failed"


def test_what_may_have_arrived_asks_first(desk: Client, failed: Push, wrote: Wrote) -> None:
    Push.objects.filter(pk=failed.pk).update(state="uncertain", reason="no_answer")
    page = conversation(desk)
    assert f"/admin/pushes/push/{failed.pk}/again/" in page
    assert f'name="push" value="{failed.pk}"' not in page
    assert again(desk, failed, wrote).status_code == 422


def test_what_was_sent_offers_nothing(desk: Client, failed: Push) -> None:
    Push.objects.filter(pk=failed.pk).update(state="sent", reason="", errcode=None, sent_at=timezone.now())
    assert f'name="push" value="{failed.pk}"' not in conversation(desk)


def test_a_message_to_somebody_else_is_not_found(desk: Client, failed: Push, wrote: Wrote) -> None:
    Push.objects.filter(pk=failed.pk).update(openid="oSomebodyElse")
    assert again(desk, failed, wrote).status_code == 404


def test_the_panel_tells_which_notices_are_left(desk: Client, staff: Cast, wrote: Wrote) -> None:
    wrote()
    Follower.objects.create(account=staff.ours, openid=OPENID)
    for platform_id, title in (("N1", "到店提醒"), ("N2", "发货"), ("N3", "从未同意")):
        Template.objects.create(
            account=staff.ours,
            kind="notice",
            platform_id=platform_id,
            title=title,
            content="",
            is_long_term=platform_id == "N2",
        )
    for key, template in (("a", "N1"), ("b", "N1"), ("c", "N2")):
        subscription_quota.agree(staff.ours, OPENID, template, timezone.now(), key)
    assert [(str(each.template), each.left) for each in subscription_quota.held(staff.ours, OPENID)] == [
        ("到店提醒", 2), ("发货", 1),
    ]  # fmt: skip
    page = conversation(desk)
    assert "到店提醒" in page
    assert "从未同意" not in page
    subscription_quota.refuse(staff.ours, OPENID, "N1", timezone.now())
    assert [str(each.template) for each in subscription_quota.held(staff.ours, OPENID)] == ["发货"]
