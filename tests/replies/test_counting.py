from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from tests.callbacks import post
from tests.platform import Platform
from tests.replies.conftest import RuleMaker
from tests.replies.test_pages import LIST, form, reply, signed_in
from tests.working import react_to_due
from wechat.inbox import routing
from wechat.inbox.models import InboundMessage
from wechat.replies.models import Rule, RuleHits, ShadowMatch

pytestmark = pytest.mark.django_db(transaction=True)


def write(platform: Platform, text: str, number: int) -> bytes:
    content: bytes = post(platform.safe(platform.text(text, msg_id=number))).content
    return content


def hits(rule: Rule, *, in_shadow: bool = False) -> int:
    found = RuleHits.objects.filter(rule=rule, in_shadow=in_shadow).first()
    return found.hits if found else 0


def test_the_list_tells_how_often_each_rule_answered_and_when_last(
    platform: Platform, rule: RuleMaker, account: OfficialAccount
) -> None:
    answering, silent = rule(keywords=("退款",)), rule(name="没用", keywords=("换货",))
    for number in range(3):
        write(platform, "退款", number + 1)
    write(platform, "你好", 9)
    react_to_due()
    last = InboundMessage.objects.filter(answered_by=answering.answered_by).latest("sent_at").sent_at
    assert (hits(answering), hits(silent), RuleHits.objects.get().last_at) == (3, 0, last)
    page = signed_in("auditor", account, "auditor").get(LIST).content.decode()
    assert "3 次 · " in page
    assert f"{timezone.localtime(last):%Y-%m-%d}" in page
    assert "从未" in page


def test_the_callback_itself_counts_nothing(platform: Platform, rule: RuleMaker) -> None:
    rule(keywords=("退款",))
    write(platform, "退款", 1)
    assert not RuleHits.objects.exists()


def test_a_message_that_is_delivered_and_handled_twice_counts_once(
    platform: Platform, rule: RuleMaker
) -> None:
    answering, shadow = rule(keywords=("退款",), position=1), rule(keywords=("退",), in_shadow=True)
    for _ in range(2):
        write(platform, "退款", 1)
    react_to_due()
    InboundMessage.objects.update(due_at=timezone.now())
    react_to_due()
    assert (hits(answering), hits(shadow, in_shadow=True)) == (1, 1)


def test_a_message_whose_reactions_failed_counts_when_they_are_done(
    platform: Platform, rule: RuleMaker
) -> None:
    answering = rule(keywords=("退款",))
    fails = [True]

    @routing.reacts()
    def stumble(event: routing.InboundEvent) -> None:
        if fails:
            raise RuntimeError("stumbled")

    try:
        write(platform, "退款", 1)
        react_to_due()
        assert hits(answering) == 0
        fails.clear()
        InboundMessage.objects.update(due_at=timezone.now())
        react_to_due()
    finally:
        routing._table.reacting.pop()
    assert hits(answering) == 1


def test_a_rule_in_shadow_says_nothing_and_lists_what_it_would_have_answered(
    platform: Platform, rule: RuleMaker, account: OfficialAccount
) -> None:
    shadow = rule(name="影子", keywords=("退",), replies=("影子回复",), in_shadow=True, position=0)
    below = rule(name="真的", keywords=("退款",), replies=("真的回复",), position=1)
    for number, text in enumerate(("我要退款", "退货", "换货"), start=1):
        write(platform, text, number)
    react_to_due()
    by = dict(InboundMessage.objects.values_list("text", "answered_by"))
    assert by == {"我要退款": below.answered_by, "退货": "", "换货": ""}
    assert (hits(shadow, in_shadow=True), hits(below)) == (2, 1)
    page = signed_in("auditor", account, "auditor").get(f"{LIST}{shadow.pk}/shadow/").content.decode()
    assert "我要退款" in page
    assert "退货" in page
    assert "换货" not in page


def test_a_rule_in_shadow_behind_one_that_answers_would_have_answered_nothing(
    platform: Platform, rule: RuleMaker
) -> None:
    rule(keywords=("退款",), position=0)
    rule(keywords=("退",), in_shadow=True, position=1)
    write(platform, "退款", 1)
    react_to_due()
    assert not ShadowMatch.objects.exists()


def test_a_rule_in_shadow_is_for_its_audience_only(
    platform: Platform, rule: RuleMaker, account: OfficialAccount
) -> None:
    vip = Tag.objects.create(account=account, name="VIP")
    Follower.objects.create(account=account, openid="oVip").tags.add(vip)
    rule(keywords=("退",), in_shadow=True, tags=[vip])
    post(platform.safe(platform.text("退", openid="oVip", msg_id=1)))
    post(platform.safe(platform.text("退", openid="oOther", msg_id=2)))
    react_to_due()
    assert [match.message.openid for match in ShadowMatch.objects.select_related("message")] == ["oVip"]


@pytest.mark.parametrize("of_shadow", [(), ("VIP",)], ids=["for everybody", "for some"])
def test_a_rule_in_shadow_says_nothing_before_one_that_is_for_some(
    platform: Platform, rule: RuleMaker, account: OfficialAccount, of_shadow: tuple[str, ...]
) -> None:
    vip = Tag.objects.create(account=account, name="VIP")
    Follower.objects.create(account=account, openid="oVip").tags.add(vip)
    shadow = rule(keywords=("退",), in_shadow=True, tags=[vip for _name in of_shadow], position=0)
    real = rule(keywords=("退款",), tags=[vip], position=1)
    post(platform.safe(platform.text("退款", openid="oVip", msg_id=1)))
    react_to_due()
    assert InboundMessage.objects.get().answered_by == real.answered_by
    assert (hits(shadow, in_shadow=True), hits(real)) == (1, 1)


def test_what_another_feature_answered_before_the_rules_is_no_match_in_shadow(
    platform: Platform, rule: RuleMaker
) -> None:
    rule(keywords=("退",), in_shadow=True)
    write(platform, "退", 1)
    InboundMessage.objects.update(answered_by="menu:1")
    react_to_due()
    assert not ShadowMatch.objects.exists()


def test_a_rule_is_put_in_shadow_on_its_page(account: OfficialAccount) -> None:
    editor: Client = signed_in("editor", account, "editor")
    editor.post(f"{LIST}add/", form(account, reply(text="好"), in_shadow="on"))
    rule = Rule.objects.get()
    assert rule.in_shadow
    page: Any = editor.get(LIST)
    assert "影子运行" in page.content.decode()
