from collections.abc import Callable
from typing import Any

import pytest

from accounts.followers import segments
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from tests.cast import Cast
from tests.channels.conftest import ChannelMaker

pytestmark = pytest.mark.django_db(transaction=True)


def meant(account: OfficialAccount, field: str, compare: str, value: object) -> set[str]:
    rows: list[segments.Condition] = [{"field": field, "compare": compare, "value": str(value)}]
    found = Follower.objects.filter(segments.query(account, rows), account=account)
    return set(found.values_list("openid", flat=True))


def test_a_segment_asks_by_which_channel_somebody_came_first_or_last(
    account: OfficialAccount,
    channel: ChannelMaker,
    follows: Callable[..., Any],
    scans: Callable[..., Any],
    work: Callable[[], int],
) -> None:
    shop, fair = channel("一号店"), channel("展会")
    follows(shop, openid="oA", at=1_790_000_000)
    scans(fair, openid="oA", at=1_790_000_100)
    follows(fair, openid="oB", at=1_790_000_000)
    work()
    assert meant(account, "channels.first", "is", shop.pk) == {"oA"}
    assert meant(account, "channels.last", "is", fair.pk) == {"oA", "oB"}
    assert meant(account, "channels.first", "not", shop.pk) == {"oB"}


def test_a_channel_of_another_account_means_nothing(
    account: OfficialAccount, channel: ChannelMaker, staff: Cast
) -> None:
    theirs = channel(account=staff.theirs)
    with pytest.raises(segments.UnknownCondition):
        meant(account, "channels.first", "is", theirs.pk)
