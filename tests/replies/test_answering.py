import datetime

import pytest
from django.utils import timezone

from accounts.followers.models import Change, Follower, Tag
from accounts.official.models import OfficialAccount
from tests.callbacks import post
from tests.cast import message
from tests.platform import Platform
from tests.replies.conftest import RuleMaker
from wechat.inbox import reacting
from wechat.inbox.models import InboundMessage
from wechat.replies import rulebook

pytestmark = pytest.mark.django_db(transaction=True)


def sent(platform: Platform, xml: str) -> dict[str, str]:
    """Returns what the platform gets for the push; nothing for "success"."""
    response = post(platform.safe(xml))
    return {} if response.content == b"success" else platform.opened(response.content)


def test_a_keyword_is_answered_and_the_log_says_by_which_rule(platform: Platform, rule: RuleMaker) -> None:
    answering = rule(keywords=("退款",), replies=("请联系客服",))
    assert sent(platform, platform.text("我要退款"))["Content"] == "请联系客服"
    assert InboundMessage.objects.get().answered_by == f"rule:{answering.pk}"


def test_an_edited_rule_answers_anew(platform: Platform, rule: RuleMaker) -> None:
    edited = rule(keywords=("退款",))
    sent(platform, platform.text("退款"))
    edited.replies.update(content={"type": "text", "content": "新的回复"})
    assert sent(platform, platform.text("退款"))["Content"] == "新的回复"


def test_a_rule_that_is_off_answers_nobody(platform: Platform, rule: RuleMaker) -> None:
    rule(keywords=("退款",), enabled=False)
    assert sent(platform, platform.text("退款")) == {}


def test_the_replies_after_the_first_are_kept_for_later(platform: Platform, rule: RuleMaker) -> None:
    card = {"type": "mpnewsarticle", "article_id": "A1"}
    rule(keywords=("a",), replies=(card, "第一", "第二"))
    assert sent(platform, platform.text("a"))["Content"] == "第一"
    assert InboundMessage.objects.get().later == [card, {"type": "text", "content": "第二"}]


def test_a_transfer_to_customer_service_goes_first_because_it_cannot_go_later(
    platform: Platform, rule: RuleMaker
) -> None:
    rule(keywords=("人工",), replies=("请稍候", {"type": "transfer_customer_service"}))
    assert sent(platform, platform.text("人工"))["MsgType"] == "transfer_customer_service"
    assert InboundMessage.objects.get().later == [{"type": "text", "content": "请稍候"}]


def test_one_of_the_replies_is_drawn_and_a_repeat_gets_the_same(platform: Platform, rule: RuleMaker) -> None:
    rule(keywords=("a",), replies=tuple("0123456789"), strategy="random")
    answers = {
        number: {sent(platform, platform.text("a", msg_id=number))["Content"] for _ in range(3)}
        for number in range(1, 31)
    }
    assert all(len(given) == 1 for given in answers.values())
    assert len(set.union(*answers.values())) > 1


def test_variables_are_filled_in_and_unknown_ones_left(
    platform: Platform, rule: RuleMaker, account: OfficialAccount
) -> None:
    Follower.objects.create(account=account, openid="oFollower", remark="王女士{date}")
    rule(keywords=("a",), replies=("{remark}，{account} {openid} {nickname} {date}",))
    today = timezone.localdate().isoformat()
    content = sent(platform, platform.text("a"))["Content"]
    assert content == f"王女士{{date}}，演示服务号 oFollower {{nickname}} {today}"


def test_following_for_the_first_time_and_again_get_different_words(
    platform: Platform, rule: RuleMaker, account: OfficialAccount
) -> None:
    rule(trigger="follow_first", replies=("初次见面",))
    rule(trigger="follow_again", replies=("欢迎回来",))
    now = timezone.now()
    Follower.objects.create(
        account=account, openid="oBack", subscribed=False, unsubscribed_at=now - datetime.timedelta(days=1)
    )
    assert sent(platform, platform.event("oNew", "subscribe"))["Content"] == "初次见面"
    assert sent(platform, platform.event("oBack", "subscribe"))["Content"] == "欢迎回来"


def test_who_only_wrote_before_follows_for_the_first_time(
    platform: Platform, rule: RuleMaker, account: OfficialAccount
) -> None:
    rule(trigger="follow_first", replies=("初次见面",))
    Follower.objects.create(account=account, openid="oWrote", last_seen_at=timezone.now())
    assert sent(platform, platform.event("oWrote", "subscribe"))["Content"] == "初次见面"


def test_a_rule_for_a_tag_answers_only_its_wearers(
    platform: Platform, rule: RuleMaker, account: OfficialAccount
) -> None:
    vip = Tag.objects.create(account=account, name="VIP")
    Follower.objects.create(account=account, openid="oVip").tags.add(vip)
    rule(keywords=("优惠",), replies=("八折",), tags=[vip])
    rule(keywords=("优惠",), replies=("九折",), position=1)
    assert sent(platform, platform.text("优惠", openid="oVip"))["Content"] == "八折"
    assert sent(platform, platform.text("优惠", openid="oOther"))["Content"] == "九折"


def test_a_rule_whose_reply_makes_no_sense_any_more_lets_the_next_answer(
    platform: Platform, rule: RuleMaker
) -> None:
    rule(keywords=("a",), replies=({"type": "hologram"},))
    rule(keywords=("a",), replies=("好的",), position=1)
    assert sent(platform, platform.text("a"))["Content"] == "好的"


def test_the_rules_of_another_account_stay_there(platform: Platform, rule: RuleMaker) -> None:
    other = OfficialAccount.objects.create(
        slug="other", name="另一个", appid="wxffffffffffffffff", token="othertoken", mode="plain"
    )
    rule(keywords=("a",), account=other)
    assert sent(platform, platform.text("a")) == {}


def test_the_rules_of_an_account_that_is_switched_on_answer_at_once(
    account: OfficialAccount, rule: RuleMaker
) -> None:
    made = rule(keywords=("a",))
    OfficialAccount.objects.update(enabled=False)
    rulebook.of(account)
    OfficialAccount.objects.update(enabled=True)
    assert rulebook.of(account).is_on(made.pk)


def test_whom_a_rule_answers_gets_its_tags_once(account: OfficialAccount, rule: RuleMaker) -> None:
    vip = Tag.objects.create(account=account, name="咨询过价格")
    made = rule(keywords=("价格",), replies=("八折",))
    made.adds_tags.set([vip])
    asked = message(account, "价格", answered_by=made.answered_by)
    other = message(account, "你好", openid="oOther")
    for _again in range(2):
        reacting.react_to([asked, other])
    assert [each.openid for each in vip.followers.all()] == [asked.openid]
    assert Change.objects.count() == 1


def test_a_reply_that_is_empty_once_it_is_filled_is_never_sent_and_the_next_one_is(
    platform: Platform, rule: RuleMaker
) -> None:
    rule(keywords=("a",), replies=("{remark}",))
    rule(keywords=("b",), replies=(" {remark}\n", "第二", " {remark} "))
    rule(keywords=("c",), replies=("{remark}", "只有这条"), strategy="random")
    assert sent(platform, platform.text("a")) == {}
    assert sent(platform, platform.text("b"))["Content"] == "第二"
    assert {sent(platform, platform.text("c"))["Content"] for _ in range(8)} == {"只有这条"}
    for row in InboundMessage.objects.all():
        assert not row.later


def test_what_stands_behind_a_bar_is_said_to_those_without_the_value(
    platform: Platform, account: OfficialAccount, rule: RuleMaker
) -> None:
    card = {
        "type": "news",
        "articles": [{"title": "给{remark|朋友}", "url": "https://a.cn/?r={remark|朋友}"}],
    }
    rule(keywords=("a",), replies=("{remark|亲爱的朋友}，{account|x}",))
    rule(keywords=("b",), replies=(card,))
    assert sent(platform, platform.text("a"))["Content"] == "亲爱的朋友，演示服务号"
    sent(platform, platform.text("b"))
    answer = InboundMessage.objects.latest("pk").answer
    assert answer is not None
    assert answer["articles"][0]["title"] == "给朋友"
    assert answer["articles"][0]["url"] == "https://a.cn/?r=%E6%9C%8B%E5%8F%8B"
    Follower.objects.create(account=account, openid="oFollower", remark="王女士")
    assert sent(platform, platform.text("a"))["Content"] == "王女士，演示服务号"
