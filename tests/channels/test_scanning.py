import datetime
import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.followers.models import Follower, Tag
from accounts.official.models import OfficialAccount
from tests.cast import Cast
from tests.channels.conftest import ChannelMaker
from wechat.channels import scanning
from wechat.channels.models import Attribution, Channel, Scan
from wechat.inbox import conversation
from wechat.inbox.models import InboundMessage

pytestmark = pytest.mark.django_db(transaction=True)

Push = Callable[..., Any]
NOW = int(time.time()) - 1000


def kinds() -> list[str]:
    return list(Scan.objects.order_by("at").values_list("kind", flat=True))


def test_a_stranger_a_follower_and_one_who_comes_back_are_told_apart(
    channel: ChannelMaker, follows: Push, scans: Push, arrives: Push, work: Callable[[], int]
) -> None:
    shop = channel()
    follows(shop, at=NOW)
    scans(shop, at=NOW + 10)
    arrives("unsubscribe", at=NOW + 20)
    follows(shop, at=NOW + 30)
    work()
    assert kinds() == ["new", "existing", "again"]


def test_who_followed_by_themselves_and_left_is_no_new_follower(
    channel: ChannelMaker, follows: Push, arrives: Push, work: Callable[[], int]
) -> None:
    arrives("subscribe", at=NOW)
    arrives("unsubscribe", at=NOW + 10)
    work()
    follows(channel(), at=NOW + 20)
    work()
    assert kinds() == ["again"]


def test_a_repeated_delivery_and_a_repeated_reaction_count_once(
    channel: ChannelMaker, follows: Push, work: Callable[[], int]
) -> None:
    shop = channel()
    for _again in range(3):
        follows(shop, at=NOW)
    work()
    InboundMessage.objects.update(due_at=InboundMessage.objects.get().received_at, handled_at=None)
    follows(shop, at=NOW)
    work()
    assert kinds() == ["new"]


def test_a_scan_handled_late_takes_its_place_as_the_first(
    channel: ChannelMaker, follows: Push, work: Callable[[], int]
) -> None:
    shop, other = channel("一号店"), channel("二号店")
    follows(other, at=NOW + 60)
    work()
    follows(shop, at=NOW)
    work()
    assert kinds() == ["new", "again"]
    known = Attribution.objects.get()
    assert (known.first_channel, known.last_channel) == (shop, other)


@pytest.mark.parametrize("late", [False, True])
def test_who_left_at_once_is_gone_whichever_is_handled_first(
    channel: ChannelMaker, follows: Push, arrives: Push, work: Callable[[], int], late: bool
) -> None:
    shop = channel()
    for leaves in (late, not late):
        arrives("unsubscribe", at=NOW) if leaves else follows(shop, at=NOW)
        work()
    scan = Scan.objects.get()
    assert scan.left_at == scan.at


def test_only_the_first_leaving_after_a_scan_ends_it(
    channel: ChannelMaker, follows: Push, arrives: Push, work: Callable[[], int]
) -> None:
    shop = channel()
    follows(shop, at=NOW)
    for at in (NOW + 200, NOW + 100, NOW + 300):
        arrives("unsubscribe", at=at)
        work()
    scan = Scan.objects.get()
    assert scan.left_at == scan.at + datetime.timedelta(seconds=100)


def test_the_scene_of_another_account_counts_for_nobody(
    channel: ChannelMaker, staff: Cast, follows: Push, work: Callable[[], int]
) -> None:
    theirs = channel(account=staff.theirs)
    assert follows(theirs) == ""
    work()
    assert not Scan.objects.exists()
    assert not Attribution.objects.exists()


def test_whoever_scans_gets_the_channels_tags_and_keeps_theirs(
    account: OfficialAccount, channel: ChannelMaker, scans: Push, work: Callable[[], int]
) -> None:
    vip, fair = (Tag.objects.create(account=account, name=name) for name in ("VIP", "展会"))
    Follower.objects.create(account=account, openid="oFollower").tags.add(vip)
    scans(channel(tags=[fair]))
    work()
    assert set(Follower.objects.get().tags.all()) == {vip, fair}


def test_a_conversation_names_the_channel(
    account: OfficialAccount, channel: ChannelMaker, follows: Push, work: Callable[[], int]
) -> None:
    follows(channel("一号店"))
    work()
    texts = [bubble.part.text for bubble in conversation.page(account, "oFollower").bubbles]
    assert any("一号店" in text for text in texts)


class AttributionInAnyOrder(TestCase):
    """Tests that scans give the same first and last channel in any order of handling."""

    def setUp(self) -> None:
        self.account = OfficialAccount.objects.create(
            slug="a", name="a", appid="wx" + "0" * 16, token="token", mode="plain"
        )
        self.channels = [Channel.objects.create(account=self.account, name=str(each)) for each in range(3)]

    @settings(max_examples=40)
    @given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=4))
    def test_any_order(self, scanned: Sequence[tuple[int, int]]) -> None:
        outcomes = {self.attributed(order) for order in itertools.permutations(scanned)}
        assert len(outcomes) == 1
        (first, last) = outcomes.pop()
        assert first == min(scanned, key=lambda each: (each[1], each[0]))[0]
        assert last == max(scanned, key=lambda each: (each[1], each[0]))[0]

    def attributed(self, scanned: Sequence[tuple[int, int]]) -> tuple[int, int]:
        Attribution.objects.all().delete()
        for place, second in scanned:
            at = datetime.datetime.fromtimestamp(NOW + second, tz=datetime.UTC)
            row = InboundMessage(account=self.account, openid="oA", sent_at=at)
            scanning._attribute(self.channels[place], row)
        known = Attribution.objects.get()
        return int(known.first_channel.name), int(known.last_channel.name)
