import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.platform import Platform
from tests.working import react_to_due
from wechat.inbox import reacting, routing
from wechat.inbox.models import InboundMessage
from wechat.inbox.routing import InboundEvent
from wechat.sdk.messages import Subscribe

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("account", "only_these_handlers"),
]

Deliver = Callable[[str | bytes], Any]
MORNING = 1_769_907_600


def moment(seconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.UTC)


def the_follower() -> Follower:
    return Follower.objects.get(openid="oA")


def test_somebody_who_writes_becomes_a_follower_that_was_seen(deliver: Deliver, platform: Platform) -> None:
    deliver(platform.text("hello", openid="oA"))
    assert react_to_due() == 1
    assert (the_follower().subscribed, the_follower().last_seen_kind) == (True, "text")


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "the other way round"])
def test_following_and_leaving_end_as_they_happened_in_whatever_order_they_arrive(
    deliver: Deliver, platform: Platform, *, turned: bool
) -> None:
    events = [
        platform.event("oA", "subscribe", at=MORNING),
        platform.event("oA", "unsubscribe", at=MORNING + 10),
        platform.event("oA", "subscribe", at=MORNING + 20),
        platform.event("oA", "unsubscribe", at=MORNING + 30),
    ]
    for event in reversed(events) if turned else events:
        deliver(event)
        react_to_due()
    follower = the_follower()
    assert not follower.subscribed
    assert follower.subscribed_at == moment(MORNING + 20)
    assert follower.unsubscribed_at == moment(MORNING + 30)
    assert follower.last_seen_kind == "unsubscribe"


def test_a_job_report_makes_nobody_a_follower(deliver: Deliver, platform: Platform) -> None:
    deliver(platform.event("oHelper", "MASSSENDJOBFINISH", "<MsgID>1</MsgID><Status>send success</Status>"))
    react_to_due()
    assert not Follower.objects.exists()


def test_an_event_with_a_long_name_nobody_knows_holds_up_no_other_message(
    deliver: Deliver, platform: Platform
) -> None:
    name = "wxa_something_that_the_platform_thought_of_since_then"
    deliver(platform.event("oA", name))
    deliver(platform.text("hello", openid="oB"))
    assert react_to_due() == 2
    assert not InboundMessage.objects.filter(handled_at=None).exists()
    assert the_follower().last_seen_kind == name


def test_a_reaction_runs_for_its_kind_of_message_only(deliver: Deliver, platform: Platform) -> None:
    seen: list[str] = []
    routing.reacts(Subscribe)(lambda event: seen.append(event.message.event))
    deliver(platform.event("oA", "subscribe"))
    deliver(platform.text("hello"))
    react_to_due()
    assert seen == ["subscribe"]


def test_a_failing_reaction_is_kept_on_its_row_and_tried_again(deliver: Deliver, platform: Platform) -> None:
    fail = [True]

    @routing.reacts()
    def unsteady(event: InboundEvent) -> None:
        if fail and event.message.text == "bad":
            raise RuntimeError("not now")

    deliver(platform.text("bad"))
    deliver(platform.text("good"))
    began = timezone.now()
    react_to_due()
    bad = InboundMessage.objects.get(text="bad")
    assert (bad.attempts, bad.error, bad.handled_at) == (1, "RuntimeError: not now", None)
    assert bad.due_at
    assert bad.due_at > began + datetime.timedelta(seconds=1)
    assert InboundMessage.objects.get(text="good").handled_at
    fail.clear()
    InboundMessage.objects.update(due_at=timezone.now())
    react_to_due()
    bad.refresh_from_db()
    assert bad.handled_at
    assert bad.error == ""


def test_a_message_claimed_by_a_worker_that_died_is_due_again_after_the_lease(
    deliver: Deliver, platform: Platform, account: OfficialAccount
) -> None:
    deliver(platform.text("hello"))
    lease = timezone.now() + reacting.LEASE
    InboundMessage.objects.update(due_at=lease)  # claimed, and nothing came of it
    assert react_to_due() == 0
    InboundMessage.objects.update(due_at=lease - reacting.LEASE - datetime.timedelta(seconds=1))
    assert react_to_due() == 1
