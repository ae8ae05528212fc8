"""Tests of the typing state, which the follower sees where WeChat allows it."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone
from django_redis import get_redis_connection

from accounts.official.models import OfficialAccount
from tests.cast import Cast, signed_in
from tests.desk.conftest import OPENID, Wrote
from tests.simulated import Simulated
from wechat.desk import tasks, typing_indicator
from wechat.desk.models import Thread
from wechat.pushes.models import Push

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread(wrote: Wrote) -> Thread:
    thread = wrote()
    get_redis_connection("default").delete(f"wc:typing:{thread.pk}")
    return thread


def is_shown(simulated: Simulated, account: OfficialAccount) -> bool:
    state = simulated.get("/state")["accounts"][account.appid]["followers"]
    return bool(state.get(OPENID, {}).get("typing_until"))


def test_the_follower_sees_it(thread: Thread, simulated: Simulated) -> None:
    simulated.create_account(thread.account, callback_url="")
    path = f"/accounts/{thread.account.appid}/events/{OPENID}"
    simulated.sim(path, {"type": "text", "content": "在吗"})
    tasks.show_typing(thread.pk)
    assert is_shown(simulated, thread.account)


def test_it_is_asked_for_once_while_it_is_shown(thread: Thread) -> None:
    assert typing_indicator.claim_showing(thread)
    assert not typing_indicator.claim_showing(thread)


def test_a_refusal_troubles_nobody(thread: Thread, simulated: Simulated) -> None:
    simulated.create_account(thread.account, callback_url="")
    tasks.show_typing(thread.pk)
    assert not is_shown(simulated, thread.account)


def test_long_after_the_last_word_wechat_would_refuse(thread: Thread) -> None:
    Thread.objects.update(newest_at=timezone.now() - datetime.timedelta(minutes=1))
    thread.refresh_from_db()
    assert not typing_indicator.claim_showing(thread)
    Push.objects.create(
        account=thread.account, openid=OPENID, key="a", content={"type": "text", "content": "a"},
        cause="staff:1", state="sent", sent_at=timezone.now(),
    )  # fmt: skip
    assert typing_indicator.claim_showing(thread)


def test_an_account_without_the_right_is_not_asked(thread: Thread) -> None:
    thread.account.abilities = {"service_messages": {"able": False, "at": "2026-01-01T00:00:00Z"}}
    assert not typing_indicator.claim_showing(thread)


@pytest.mark.parametrize(("who", "shows"), [("service", True), ("auditor", False)])
def test_only_who_may_answer_is_shown_as_writing(staff: Cast, thread: Thread, who: str, shows: bool) -> None:
    client: Client = signed_in(getattr(staff, who))
    client.get("/admin/desk/thread/live/", {"who": OPENID, "writes": "1"})
    assert bool(get_redis_connection("default").get(f"wc:typing:{thread.pk}")) is shows
