"""Messages made from templates, sent to the simulator: once each, also when answers are lost."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
import time_machine
from django.utils import timezone

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.pushes.conftest import oldest_send, planned
from tests.simulated import Simulated
from tests.working import kept_running, send_due
from wechat.kernel import buckets, work
from wechat.kernel.models import Hold
from wechat.pushes import claiming, receipts, send_holds, send_rates, subscription_quota
from wechat.pushes.models import Push, Receipt, SendRate, Template
from wechat.pushes.queueing import queue_many, queue_template
from wechat.pushes.senders import SENDERS
from wechat.pushes.transitions import send_again
from wechat.sdk.beijing import BEIJING
from wechat.sdk.template_messages import TemplateMessage

pytestmark = pytest.mark.django_db(transaction=True)

State, Reason, Kind = Push.State, Push.Reason, Push.Kind
SEND = "/cgi-bin/message/template/send"
OPENID = "oReaderOfTemplates"
TEMPLATE = {
    "template_id": "Vq0demo",
    "kind": "template",
    "title": "预约",
    "content": "门店:{{thing4.DATA}}\n",
}
NOTICE = {**TEMPLATE, "template_id": "Wq0demo", "kind": "notice"}


class World:
    """The platform with one account, its two templates and one follower."""

    def __init__(self, simulated: Simulated, account: OfficialAccount) -> None:
        self.simulated, self.account = simulated, account
        simulated.create_account(account, callback_url="")
        self.sim("/templates", {"templates": [TEMPLATE, NOTICE]})
        self.sim("/followers", {"openids": [OPENID]})

    def sim(self, path: str, body: dict[str, Any]) -> Any:
        return self.simulated.sim(f"/accounts/{self.account.appid}{path}", body)

    def fault(self, **fault: Any) -> None:
        self.simulated.sim("/faults", {"api": SEND, **fault})

    def received(self) -> list[tuple[str, str]]:
        """Returns the received messages as pairs of openid and shop."""
        address = f"{self.simulated.base}/_sim/accounts/{self.account.appid}/ledger"
        entries = requests.get(address, timeout=30).json()["entries"]
        return [(each["openid"], each["content"]["data"]["thing4"]["value"]) for each in entries]

    def ask(self, shop: str = "天河店", openid: str = OPENID, **more: Any) -> Push:
        template = more.pop("template", "Vq0demo")
        message = TemplateMessage(template_id=template, values={"thing4": shop})
        key = more.pop("key", f"test:{openid}:{shop}")
        at = more.pop("at", None)
        push = queue_template(account=self.account, openid=openid, message=message, key=key, **more)
        return planned(push, at)


@pytest.fixture
def world(simulated: Simulated, account: OfficialAccount) -> World:
    return World(simulated, account)


def become_due(push: Push) -> None:
    Push.objects.filter(pk=push.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_template_message_is_sent_with_its_link(world: World) -> None:
    message = TemplateMessage(
        template_id="Vq0demo",
        values={"thing4": "天河店"},
        url="https://h5.example.com/1",
        appid="wx1",
        pagepath="a",
    )
    push = queue_template(account=world.account, openid=OPENID, message=message, key="link")
    send_due()
    push.refresh_from_db()
    assert (push.state, push.kind, push.message) == (State.SENT, Kind.TEMPLATE, message)
    assert push.msgid
    assert world.received() == [(OPENID, "天河店")]


def test_a_lost_answer_is_asked_for_again_and_nobody_gets_it_twice(world: World) -> None:
    world.fault(drop_answer=True, times=1)
    push = world.ask()
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.PENDING, "")
    become_due(push)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.attempts) == (State.SENT, 2)
    assert world.received() == [(OPENID, "天河店")]


def test_an_interrupted_message_is_sent_again_while_the_platform_remembers_it(world: World) -> None:
    push = world.ask()
    (queue,) = claiming.due_queues(bulk=False)
    assert claiming.claim(queue, 10) == [push]
    become_due(push)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.attempts, len(world.received())) == (State.SENT, 2, 1)


def test_what_the_platform_no_longer_remembers_only_a_person_sends_again(world: World) -> None:
    push = world.ask()
    (queue,) = claiming.due_queues(bulk=False)
    claiming.claim(queue, 10)
    long_ago = timezone.now() - timedelta(minutes=11)
    Push.objects.update(tried_at=long_ago, due_at=long_ago)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.UNCERTAIN, Reason.INTERRUPTED)
    assert send_again(push)
    send_due()
    push.refresh_from_db()
    assert (push.state, len(world.received())) == (State.SENT, 1)


def test_one_that_waited_too_long_for_its_second_attempt_is_uncertain(world: World) -> None:
    world.fault(drop_answer=True, times=1)
    push = world.ask()
    send_due()
    Push.objects.update(tried_at=timezone.now() - timedelta(minutes=11), due_at=timezone.now())
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.UNCERTAIN, Reason.NO_ANSWER)


def test_who_left_in_between_gets_nothing(world: World) -> None:
    world.sim("/followers", {"openids": [OPENID], "subscribed": False})
    push = world.ask()
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.SKIPPED, Reason.NOT_FOLLOWING)


@pytest.mark.parametrize(
    ("since", "follows"),
    [
        ({}, False),
        ({"subscribed_at": 60}, True),
        ({"last_seen_at": 60}, True),
        ({"subscribed_at": -60}, False),
    ],
    ids=["never heard of", "followed since", "wrote since", "followed before"],
)
def test_who_is_refused_as_no_follower_is_none_here_unless_they_came_back_since(
    world: World, since: dict[str, int], *, follows: bool
) -> None:
    moments = {name: timezone.now() + timedelta(seconds=after) for name, after in since.items()}
    follower = Follower.objects.create(account=world.account, openid=OPENID, **moments)
    other = Follower.objects.create(account=world.account, openid="oOther")
    world.sim("/followers", {"openids": [OPENID], "subscribed": False})
    world.ask()
    send_due()
    follower.refresh_from_db()
    other.refresh_from_db()
    assert (follower.subscribed, follower.unsubscribed_at is None) == (follows, follows)
    assert other.subscribed


def test_who_is_known_to_have_left_keeps_the_day_they_left(world: World) -> None:
    long_ago = timezone.now() - timedelta(days=30)
    Follower.objects.create(account=world.account, openid=OPENID, subscribed=False, unsubscribed_at=long_ago)
    world.sim("/followers", {"openids": [OPENID], "subscribed": False})
    world.ask()
    send_due()
    assert Follower.objects.get().unsubscribed_at == long_ago


@pytest.mark.parametrize("kind", [Kind.TEMPLATE, Kind.NOTICE])
def test_every_kind_of_message_takes_the_refusal_alike(world: World, kind: str) -> None:
    Follower.objects.create(account=world.account, openid=OPENID)
    subscription_quota.agree(world.account, OPENID, "Wq0demo", timezone.now(), "event:1")
    world.simulated.sim("/faults", {"api": SENDERS[kind].path, "errcode": 43004, "times": 1})
    push = world.ask(template="Vq0demo" if kind == Kind.TEMPLATE else "Wq0demo", kind=kind)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.SKIPPED, Reason.NOT_FOLLOWING)
    assert not Follower.objects.get().subscribed


def test_a_message_id_that_no_column_can_hold_costs_no_message_its_outcome(world: World) -> None:
    world.fault(answer='{"errcode": 0, "msgid": 18446744073709551615}', times=1)
    pushes = [world.ask(shop) for shop in "12"]
    send_due()
    assert [Push.objects.get(pk=push.pk).state for push in pushes] == [State.SENT] * 2
    assert Push.objects.filter(msgid=None).count() == 1


def test_a_broken_value_is_named(world: World) -> None:
    push = world.ask("一" * 21)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason, push.errcode) == (State.FAILED, Reason.BAD_VALUE, 47003)
    assert "data.thing4.value" in push.error


def test_a_template_deleted_in_mid_run_is_noticed_and_costs_no_further_calls(world: World) -> None:
    Template.objects.create(
        account=world.account, kind="template", platform_id="Vq0demo", title="预约", content="{{thing4.DATA}}"
    )
    world.sim("/templates", {"forget": "Vq0demo"})
    first = world.ask("1")
    send_due()
    second = world.ask("2")
    send_due()
    for push in (first, second):
        push.refresh_from_db()
        assert (push.state, push.reason) == (State.FAILED, Reason.TEMPLATE_GONE)
    assert (first.errcode, second.errcode) == (40037, None)
    assert Template.objects.get().missing_since


def test_a_stale_token_is_repaired_once_on_the_way(world: World) -> None:
    world.ask("1")
    send_due()
    world.sim("/tokens/invalidate", {})
    world.ask("2")
    send_due()
    assert [shop for _, shop in world.received()] == ["1", "2"]


def test_messages_scheduled_for_later_wait(world: World) -> None:
    push = world.ask(at=timezone.now() + timedelta(hours=1))
    assert send_due() == 0
    become_due(push)
    assert send_due() == 1


# --- many at once


def many(world: World, count: int) -> int:
    world.sim("/followers", {"openids": [f"oMany{number}" for number in range(count)]})
    rows = """
        SELECT 'oMany' || n, '{"values": {"thing4": "天河店"}}'::jsonb, 'many:' || n, now()
        FROM generate_series(0, %s - 1) AS n
    """
    made = queue_many(
        account=world.account, kind=Kind.TEMPLATE, template="Vq0demo", cause="campaign:1", chosen=rows,
        parameters=[count],
    )  # fmt: skip
    return len(made)


def test_many_are_queued_in_one_statement_and_each_gets_one(world: World) -> None:
    assert many(world, 300) == 300
    assert many(world, 300) == 0
    send_due()
    assert sorted(openid for openid, _ in world.received()) == sorted(f"oMany{n}" for n in range(300))
    assert not Push.objects.exclude(state=State.SENT).exists()


def test_a_message_somebody_waits_for_goes_before_a_campaign(world: World) -> None:
    many(world, 300)
    world.ask("收款")
    assert work.run("pushes.send") == 1
    assert world.received() == [(OPENID, "收款")]


def test_an_account_keeps_to_its_speed(world: World) -> None:
    SendRate.objects.create(account=world.account, kind=Kind.TEMPLATE, per_second=40)
    began = time.monotonic()
    first, *taken = [send_rates.take(world.account.pk, Kind.TEMPLATE, 40, 30) for _ in range(3)]
    assert first == 10
    assert sum(taken) <= 40 * (time.monotonic() - began)
    many(world, 20)
    send_due()
    assert len(world.received()) == 20


def test_what_waits_for_its_rate_asks_for_no_more_workers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_rates, "SHORT_SECONDS", 60)
    SendRate.objects.create(account=world.account, kind=Kind.TEMPLATE, per_second=1)
    world.ask(at=timezone.now() - timedelta(minutes=10))
    assert oldest_send() > 600, "nobody is at work"
    while send_rates.take(world.account.pk, Kind.TEMPLATE, 1, 1):
        """A worker sends as much as the rate allows."""
    assert oldest_send() == 0
    assert claiming.is_due(bulk=False)


def test_without_redis_a_process_keeps_to_a_small_share(world: World) -> None:
    alone = buckets._Alone()
    taken = [alone.take("push:1:template", 2.5, 10, 64).count for _ in range(50)]
    assert 1 <= sum(taken) <= 26


# --- quotas


def test_a_used_up_quota_holds_the_kind_until_midnight_in_shanghai(world: World) -> None:
    world.sim("/quota", {"api": SEND, "daily_limit": 0})
    push = world.ask()
    send_due()
    push.refresh_from_db()
    (hold,) = send_holds.waiting(world.account)
    assert (push.state, push.errcode, push.attempts) == (State.PENDING, 45009, 0)
    hold = Hold.objects.get(work="pushes.send")
    assert hold.until
    assert hold.until.astimezone(BEIJING).strftime("%H:%M") == "00:05"
    world.ask("另一条")
    assert (send_due(), claiming.is_due(bulk=False)) == (0, False)
    with time_machine.travel(hold.until - timedelta(seconds=1), tick=False):
        assert oldest_send() == 0, "more workers would send nothing, and nobody is to be woken up"
    with time_machine.travel(hold.until + timedelta(minutes=10), tick=False):
        assert oldest_send() > 600
        OfficialAccount.objects.update(enabled=False)
        assert oldest_send() == 0, "nothing is sent for an account that is switched off"


def test_campaigns_go_on_in_the_morning_after_a_used_up_quota(world: World) -> None:
    world.sim("/quota", {"api": SEND, "daily_limit": 0})
    many(world, 3)
    send_due()
    (hold,) = send_holds.waiting(world.account)
    assert hold.until
    assert hold.until.astimezone(BEIJING).strftime("%H:%M") == "08:00"
    world.sim("/quota", {"api": SEND, "daily_limit": 100})
    with time_machine.travel(hold.until - timedelta(hours=1), tick=False):
        kept_running()
        world.ask("一个人")
        assert (send_due(), len(world.received())) == (1, 1)
    with time_machine.travel(hold.until + timedelta(seconds=1), tick=False):
        kept_running()
        send_due()
    assert (len(world.received()), Hold.objects.count()) == (4, 0)


def test_after_the_quota_was_raised_sends_go_on(world: World) -> None:
    world.sim("/quota", {"api": SEND, "daily_limit": 0})
    world.ask()
    send_due()
    world.sim("/quota", {"api": SEND, "daily_limit": 100})
    send_holds.go_on(world.account, Kind.TEMPLATE)
    send_due()
    assert (world.received(), send_holds.waiting(world.account)) == ([(OPENID, "天河店")], [])


def test_a_used_up_minute_holds_for_a_minute_at_most(world: World) -> None:
    world.fault(errcode=45011, times=1)
    world.ask()
    send_due()
    (hold,) = send_holds.waiting(world.account)
    assert hold.until
    assert hold.until <= timezone.now() + timedelta(seconds=61)


# --- receipts


@pytest.mark.parametrize(
    ("reason", "state"),
    [("", State.DELIVERED), (Reason.BLOCKED, State.FAILED), (Reason.UNDELIVERED, State.FAILED)],
)
def test_a_receipt_joins_its_push(world: World, reason: str, state: str) -> None:
    push = world.ask()
    send_due()
    push.refresh_from_db()
    assert push.msgid
    for _ in range(2):
        receipts.store(world.account, push.msgid, reason, "status")
    work.run("pushes.join_receipts")
    push.refresh_from_db()
    assert (push.state, push.reason, Receipt.objects.count()) == (state, reason, 0)
    assert push.sent_at


def test_a_receipt_that_comes_before_our_own_record_waits_for_it(world: World) -> None:
    push = world.ask()
    send_due()
    push.refresh_from_db()
    msgid, sent_at = push.msgid, push.sent_at
    assert msgid
    Push.objects.update(state=State.SENDING, msgid=None, sent_at=None, due_at=timezone.now())
    receipts.store(world.account, msgid, "", "success")
    work.run("pushes.join_receipts")
    assert Push.objects.get().state == State.SENDING
    Push.objects.update(state=State.SENT, msgid=msgid, sent_at=sent_at, due_at=None)
    Receipt.objects.update(due_at=timezone.now())
    work.run("pushes.join_receipts")
    assert (Push.objects.get().state, Receipt.objects.count()) == (State.DELIVERED, 0)


def test_a_receipt_of_another_systems_message_is_forgotten_in_the_end(world: World) -> None:
    receipts.store(world.account, 123, "", "success")
    for _ in range(len(receipts.RETRY_AFTER) + 1):
        Receipt.objects.update(due_at=timezone.now())
        work.run("pushes.join_receipts")
    assert not Receipt.objects.exists()


# --- subscription notices


def test_a_notice_needs_an_agreement(world: World) -> None:
    push = world.ask(template="Wq0demo", kind=Kind.NOTICE)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason, push.errcode) == (State.SKIPPED, Reason.NO_GRANT, None)


def test_each_agreement_allows_one_notice(world: World) -> None:
    for number in range(2):
        world.simulated.sim(
            f"/accounts/{world.account.appid}/events/{OPENID}",
            {"type": "agree", "choices": {"Wq0demo": "accept"}},
        )
        subscription_quota.agree(world.account, OPENID, "Wq0demo", timezone.now(), f"event:{number}")
    pushes = [world.ask(shop, template="Wq0demo", kind=Kind.NOTICE) for shop in "123"]
    send_due()
    states = [Push.objects.get(pk=push.pk).state for push in pushes]
    assert states == [State.SENT, State.SENT, State.SKIPPED]
    assert subscription_quota.left(world.account, OPENID, ["Wq0demo"]) == {"Wq0demo": 0}


def test_the_platform_knows_the_agreements_better(world: World) -> None:
    for number in range(3):
        subscription_quota.agree(world.account, OPENID, "Wq0demo", timezone.now(), f"event:{number}")
    push = world.ask(template="Wq0demo", kind=Kind.NOTICE)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason, push.errcode) == (State.SKIPPED, Reason.NO_GRANT, 43101)
    assert subscription_quota.left(world.account, OPENID, ["Wq0demo"]) == {"Wq0demo": 0}


def test_a_notice_with_a_lost_answer_is_uncertain(world: World) -> None:
    subscription_quota.agree(world.account, OPENID, "Wq0demo", timezone.now(), "event:1")
    world.simulated.sim(
        f"/accounts/{world.account.appid}/events/{OPENID}",
        {"type": "agree", "choices": {"Wq0demo": "accept"}},
    )
    world.simulated.sim("/faults", {"api": "/cgi-bin/message/subscribe/bizsend", "drop_answer": True})
    push = world.ask(template="Wq0demo", kind=Kind.NOTICE)
    send_due()
    push.refresh_from_db()
    assert (push.state, push.reason) == (State.UNCERTAIN, Reason.NO_ANSWER)


def test_the_old_one_time_message_has_a_title_and_a_scene(world: World) -> None:
    world.sim("/once", {"openid": OPENID, "template_id": "old"})
    message = TemplateMessage(template_id="old", values={"content": "明天"}, scene="1000", title="预约提醒")
    push = queue_template(account=world.account, openid=OPENID, message=message, key="once", kind=Kind.ONCE)
    send_due()
    push.refresh_from_db()
    assert push.state == State.SENT


def test_a_mini_program_sends_to_its_users(world: World, account: OfficialAccount) -> None:
    account.kind = OfficialAccount.Kind.MINIPROGRAM
    account.save()
    world.simulated.create_account(account, callback_url="")
    world.simulated.sim(
        f"/accounts/{account.appid}/events/{OPENID}", {"type": "agree", "choices": {"Wq0demo": "accept"}}
    )
    subscription_quota.agree(account, OPENID, "Wq0demo", timezone.now(), "event:1")
    push = world.ask(template="Wq0demo", kind=Kind.SUBSCRIBE)
    send_due()
    push.refresh_from_db()
    assert push.state == State.SENT


def test_agreements_count_the_same_in_any_order(world: World, account: OfficialAccount) -> None:
    start = timezone.now()
    deeds: list[Callable[[], None]] = [
        lambda: subscription_quota.agree(account, OPENID, "Wq0demo", start, "1"),
        lambda: subscription_quota.refuse(account, OPENID, "Wq0demo", start + timedelta(seconds=1)),
        lambda: subscription_quota.agree(account, OPENID, "Wq0demo", start + timedelta(seconds=2), "2"),
    ]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0, 1, 2, 0]):
        account.noticegrant_set.all().delete()
        account.noticerefusal_set.all().delete()
        for place in order:
            deeds[place]()
        assert subscription_quota.left(account, OPENID, ["Wq0demo"]) == {"Wq0demo": 1}
