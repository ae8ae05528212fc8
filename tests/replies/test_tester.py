import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from tests.platform import Platform
from tests.replies.conftest import RuleMaker
from wechat.channels.models import Channel, Code, Welcome
from wechat.inbox.models import InboundMessage
from wechat.replies import tester
from wechat.replies.reach import DeadReason
from wechat.replies.specs import Reason
from wechat.sdk.content import Text
from wechat.sdk.messages import EVENTS, MESSAGES, Message

pytestmark = pytest.mark.django_db


def message(what: str, value: str = "", openid: str = "oTrial") -> Message:
    return tester.compose(what, value, openid=openid, at=timezone.now())


def test_a_trial_names_the_winner_the_shadowed_and_what_is_said(
    account: OfficialAccount, rule: RuleMaker
) -> None:
    winner = rule(keywords=("退款", "退钱"), replies=("一", "二"), position=1)
    behind = rule(keywords=("我要",), position=2)
    other = rule(keywords=("发货",), position=0)
    trial = tester.try_out(account, message("text", "我要退钱"))
    assert trial.winner is not None
    assert (trial.winner.id, trial.keyword) == (winner.pk, "退钱")
    assert [verdict.rule.id for verdict in tester.shadowed(trial)] == [behind.pk]
    assert {verdict.rule.id: verdict.reason for verdict in trial.verdicts}[other.pk] is Reason.KEYWORD
    assert [(answer.now, answer.later) for answer in trial.answers] == [(Text("一"), (Text("二"),))]


def test_a_trial_shows_every_reply_that_may_be_drawn(account: OfficialAccount, rule: RuleMaker) -> None:
    rule(keywords=("a",), replies=("一", "二"), strategy="random")
    trial = tester.try_out(account, message("text", "a"))
    assert [answer.now for answer in trial.answers] == [Text("一"), Text("二")]


def test_a_trial_is_of_one_follower(account: OfficialAccount, rule: RuleMaker) -> None:
    vip = Tag.objects.create(account=account, name="VIP")
    Follower.objects.create(account=account, openid="oVip", remark="老王").tags.add(vip)
    rule(keywords=("a",), tags=[vip], replies=("{remark}",))
    assert tester.try_out(account, message("text", "a")).winner is None
    trial = tester.try_out(account, message("text", "a", "oVip"))
    assert trial.answers[0].now == Text("老王")


def test_a_trial_leaves_no_trace(account: OfficialAccount, rule: RuleMaker) -> None:
    rule(keywords=("a",))
    tester.try_out(account, message("text", "a"))
    assert not InboundMessage.objects.exists()
    assert not Follower.objects.exists()


@pytest.mark.parametrize("what", [*MESSAGES, *(f"event:{name}" for name in EVENTS)])
def test_every_message_and_event_can_be_tried(account: OfficialAccount, rule: RuleMaker, what: str) -> None:
    rule(trigger="default")
    trial = tester.try_out(account, message(what, "值"))
    assert (trial.winner is not None) is (what in MESSAGES)


def warnings(account: OfficialAccount, what: str, value: str = "") -> str:
    return " ".join(tester.try_out(account, message(what, value)).warnings)


def test_an_unverified_account_is_warned_of_replies_that_get_lost(
    account: OfficialAccount, rule: RuleMaker
) -> None:
    rule(keywords=("a",), replies=("一", "二"))
    rule(keywords=("b",), replies=("一",))
    account.abilities = {"service_messages": {"able": False}}
    assert warnings(account, "text", "a")
    assert not warnings(account, "text", "b")


def test_more_replies_than_an_action_allows_are_warned_of(account: OfficialAccount, rule: RuleMaker) -> None:
    rule(trigger="follow", replies=("一", "二", "三", "四", "五"))
    rule(trigger="event", event="location", replies=("一", "二"))
    assert "4" in warnings(account, "event:subscribe")
    assert warnings(account, "event:location")


def test_a_replay_counts_what_would_change(
    account: OfficialAccount,
    rule: RuleMaker,
    received: Callable[..., InboundMessage],
    platform: Platform,
) -> None:
    today = rule(keywords=("订单",), position=2)
    candidate = rule(keywords=("订单", "你好"), position=1, enabled=False)
    for text in ("订单 1", "订单 2", "你好", "谢谢"):
        received(platform.text(text), text=text)
    received("<xml", text="")
    replay = tester.replay(account, [candidate])
    assert (replay.looked_at, replay.changed) == (4, 3)
    pairs = [
        (change.before and change.before.id, change.after and change.after.id, change.count)
        for change in replay.changes
    ]
    assert pairs == [(today.pk, candidate.pk, 2), (None, candidate.pk, 1)]
    assert replay.changes[1].examples == ["你好"]
    candidate.refresh_from_db()
    assert not candidate.enabled


def test_rules_that_can_never_answer_are_named_with_the_reason(
    account: OfficialAccount, rule: RuleMaker
) -> None:
    nobody = Tag.objects.create(account=account, name="没人")
    over = timezone.now() - datetime.timedelta(days=1)
    first = rule(keywords=("退",), position=0)
    expected = {
        rule(keywords=(("equals", "退款"), ("starts_with", "退货")), position=1).pk: DeadReason.COVERED,
        rule(keywords=("换货",), valid_until=over, position=2).pk: DeadReason.OVER,
        rule(keywords=("优惠",), tags=[nobody], position=3).pk: DeadReason.NOBODY,
        rule(position=4).pk: DeadReason.NO_KEYWORDS,
        rule(keywords=("x",), replies=({"type": "hologram"},), position=5).pk: DeadReason.BROKEN,
    }
    rule(keywords=("退款", "换货"), position=6)
    rule(trigger="follow_first", position=7)
    rule(trigger="default", position=8)
    findings = tester.never_fires(account)
    assert {finding.rule.id: finding.why for finding in findings} == expected
    assert [each.id for each in findings[0].by] == [first.pk]


def test_a_rule_behind_a_narrower_one_may_still_answer(account: OfficialAccount, rule: RuleMaker) -> None:
    vip = Tag.objects.create(account=account, name="VIP")
    Follower.objects.create(account=account, openid="oVip").tags.add(vip)
    rule(keywords=("退",), tags=[vip], position=0)
    rule(keywords=("退",), opens_at=datetime.time(9), position=1)
    rule(keywords=("退款",), position=2)
    rule(keywords=(("regex", "^退款$"),), position=3)
    assert tester.never_fires(account) == []


def test_a_rule_behind_an_expression_that_matches_its_text_never_answers(
    account: OfficialAccount, rule: RuleMaker
) -> None:
    refund = rule(keywords=(("regex", "^退(款|货)"),), position=0)
    equals = rule(keywords=(("equals", "退款"), ("equals", "退货")), position=1)
    rule(keywords=(("equals", "退款"), ("equals", "换货")), position=2)
    rule(keywords=("退款",), position=3)
    rule(keywords=(("regex", "退款"),), position=4)
    (finding,) = tester.never_fires(account)
    assert (finding.rule.id, finding.why, [each.id for each in finding.by]) == (
        equals.pk, DeadReason.COVERED, [refund.pk]
    )  # fmt: skip


def test_behind_an_expression_that_fits_anything_no_rule_about_texts_answers(
    account: OfficialAccount, rule: RuleMaker
) -> None:
    rule(keywords=(("regex", ".*"),), position=0)
    covered = [
        rule(keywords=("退款",), position=1),
        rule(keywords=(("regex", "退.*"),), position=2),
        rule(trigger="message_type", message_kind="text", position=3),
    ]
    rule(trigger="message_type", message_kind="image", position=4)
    rule(trigger="default", position=5)
    assert [finding.rule.id for finding in tester.never_fires(account)] == [each.pk for each in covered]


def test_a_rule_in_shadow_stands_in_nobodys_way(account: OfficialAccount, rule: RuleMaker) -> None:
    shadow = rule(keywords=("退",), position=0, in_shadow=True)
    winner = rule(keywords=("退款",), position=1)
    assert tester.never_fires(account) == []
    trial = tester.try_out(account, message("text", "退款"))
    assert trial.winner is not None
    assert trial.winner.id == winner.pk
    assert [(each.rule.id, each.reason) for each in tester.shadowed(trial)] == [(shadow.pk, Reason.IN_SHADOW)]


def test_a_replay_shows_what_a_rule_in_shadow_would_change(
    account: OfficialAccount,
    rule: RuleMaker,
    received: Callable[..., InboundMessage],
    platform: Platform,
) -> None:
    shadow = rule(keywords=("退",), in_shadow=True)
    received(platform.text("退款"), text="退款")
    assert [change.after and change.after.id for change in tester.replay(account, [shadow]).changes] == [
        shadow.pk
    ]


def test_following_twice_covers_both_ways_of_following(account: OfficialAccount, rule: RuleMaker) -> None:
    rule(trigger="follow_first", position=0)
    rule(trigger="follow_again", position=1)
    last = rule(trigger="follow", position=2)
    (finding,) = tester.never_fires(account)
    assert (finding.rule.id, len(finding.by)) == (last.pk, 2)


def test_a_trial_names_what_answers_before_the_rules(account: OfficialAccount) -> None:
    fair = Channel.objects.create(account=account, name="展会")
    Code.objects.create(channel=fair)
    Welcome.objects.create(channel=fair, audience="new", content={"type": "text", "content": "欢迎"})
    trial = tester.try_out(account, message("event:subscribe", fair.scene))
    assert any("展会" in warning for warning in trial.warnings)
