import time
from collections.abc import Callable
from typing import Any

import pytest

from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.cast import Cast
from tests.channels.conftest import ChannelMaker
from wechat.channels.models import Welcome
from wechat.inbox import answerers
from wechat.inbox.models import InboundMessage
from wechat.materials.models import Asset
from wechat.replies.models import Reply, Rule

pytestmark = pytest.mark.django_db(transaction=True)

Push = Callable[..., Any]
NOW = int(time.time())


def test_new_and_existing_followers_are_welcomed_differently(
    channel: ChannelMaker, follows: Push, scans: Push
) -> None:
    shop = channel(new=("欢迎",), existing=("又见面了",))
    assert follows(shop) == "欢迎"
    assert scans(shop) == "又见面了"


def test_who_leaves_and_scans_again_is_not_welcomed_as_new_twice(
    channel: ChannelMaker, follows: Push, arrives: Push, work: Callable[[], int]
) -> None:
    shop = channel(new=("欢迎新朋友",), existing=("又见面了",))
    other = channel("二号店", new=("欢迎来二号店",), existing=("又来了",))
    assert follows(shop, at=NOW) == "欢迎新朋友"
    work()
    arrives("unsubscribe", at=NOW + 60)
    work()
    assert follows(other, at=NOW + 120) == "又来了"


def test_who_followed_before_the_channel_was_made_is_not_new(
    account: OfficialAccount, channel: ChannelMaker, follows: Push
) -> None:
    Follower.objects.create(
        account=account, openid="oFollower", subscribed=False, unsubscribed_at="2025-01-01T00:00Z"
    )
    assert follows(channel(new=("欢迎",), existing=("又见面了",))) == "又见面了"


def test_what_comes_after_the_first_follows_as_messages(channel: ChannelMaker, follows: Push) -> None:
    shop = channel(new=("一", "二", "三"))
    assert follows(shop) == "一"
    row = InboundMessage.objects.get()
    assert [each["content"] for each in row.later or []] == ["二", "三"]
    assert row.answered_by == f"channel:{shop.pk}"


def test_one_at_random_is_the_same_for_a_repeated_delivery(channel: ChannelMaker, follows: Push) -> None:
    shop = channel(new=tuple("一二三四五六"), new_strategy="random")
    answers = [[follows(shop, openid=f"o{number}", at=NOW) for _again in range(2)] for number in range(8)]
    assert all(first == second for first, second in answers)
    assert len({first for first, _second in answers}) > 1
    assert not InboundMessage.objects.filter(later__isnull=False).exists()


def test_a_channel_answers_before_the_rules_and_leaves_to_them_what_it_says_nothing_to(
    account: OfficialAccount, channel: ChannelMaker, follows: Push, scans: Push
) -> None:
    rule = Rule.objects.create(account=account, name="扫码", trigger="scan")
    Reply.objects.create(rule=rule, content={"type": "text", "content": "规则"})
    shop = channel(new=("渠道",))
    assert follows(shop) == "渠道"
    assert scans(shop) == "规则"


def test_a_welcome_says_the_followers_remark(
    account: OfficialAccount, channel: ChannelMaker, scans: Push
) -> None:
    Follower.objects.create(account=account, openid="oFollower", remark="王女士")
    assert scans(channel(existing=("{remark}您好",))) == "王女士您好"


def test_an_edited_welcome_is_said_at_once(channel: ChannelMaker, follows: Push) -> None:
    shop = channel(new=("旧",))
    assert follows(shop, openid="oA") == "旧"
    Welcome.objects.update(content={"type": "text", "content": "新"})
    assert follows(shop, openid="oB") == "新"


def test_a_picture_is_sent_once_it_is_on_the_platform(
    account: OfficialAccount, channel: ChannelMaker, follows: Push
) -> None:
    asset = Asset.objects.create(
        account=account, kind="image", name="图", content_type="image/png", size=1, due_at="2026-01-01T00:00Z"
    )
    shop = channel(new=("文字",))
    Welcome.objects.create(
        channel=shop, audience="new", position=1, content={"type": "image", "media_id": ""}, asset=asset
    )
    follows(shop, openid="oA")
    Asset.objects.update(media_id="M1", state="uploaded", due_at=None)
    follows(shop, openid="oB")
    before, after = InboundMessage.objects.order_by("pk")
    assert before.later is None
    assert after.later == [{"type": "image", "media_id": "M1"}]


def test_the_welcome_of_another_account_is_never_said(
    channel: ChannelMaker, staff: Cast, follows: Push
) -> None:
    theirs = channel(account=staff.theirs, new=("别家",))
    assert follows(theirs) == ""


def test_the_log_names_the_channel_and_links_to_it(channel: ChannelMaker) -> None:
    shop = channel("一号店")
    named = answerers.names([shop.answered_by]).of(shop.answered_by)
    assert (named.name, named.link) == ("一号店", f"/admin/channels/channel/{shop.pk}/change/")
