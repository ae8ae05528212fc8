"""Tests of the report of campaigns: by variant, against the control group, with the resulting orders."""

from datetime import timedelta

import pytest
from django.utils import timezone

from payments.merchants.models import Merchant
from payments.orders.models import Order
from tests.campaigns.conftest import World
from wechat.campaigns import report
from wechat.campaigns.counters import Tally
from wechat.campaigns.models import Campaign
from wechat.console.revenue import Revenue

pytestmark = pytest.mark.django_db(transaction=True)

CROWD = [f"oCrowd{number:03d}" for number in range(20)]


def paid(world: World, openid: str, fen: int, *, after: timedelta = timedelta(hours=1)) -> None:
    merchant, _made = Merchant.objects.get_or_create(
        mchid="1900000001", defaults={"slug": "shop", "name": "店"}
    )
    number = Order.objects.count()
    Order.objects.create(
        account=world.account, merchant=merchant, out_trade_no=f"A{number:08d}", source="test",
        key=str(number), way="jsapi", openid=openid, payer_openid=openid, description="会员卡",
        total=fen, state="paid", expires_at=timezone.now(), transaction_id=f"42{number:026d}",
        paid_at=timezone.now() + after,
    )  # fmt: skip


def test_orders_of_the_following_week_are_told_by_variant_and_for_the_control_group(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.run(world.begun(world.campaign("A", "B", held_out=30)))
    groups = {
        letter: list(campaign.recipients.filter(letter=letter).values_list("openid", flat=True))
        for letter in ("A", "B", "")
    }
    assert all(groups.values())
    paid(world, groups["A"][0], 9980)
    paid(world, groups["A"][0], 20)
    paid(world, groups[""][0], 500)
    paid(world, groups["B"][0], 700, after=timedelta(days=8))
    paid(world, groups["B"][0], 700, after=timedelta(days=-1))
    paid(world, "oSomebodyElse", 700)
    variant_a, variant_b, control = report.of(campaign, Tally.of(campaign))
    assert (variant_a.sent, variant_a.revenue) == (len(groups["A"]), Revenue(2, 10_000))
    assert (variant_b.sent, variant_b.revenue.orders) == (len(groups["B"]), 0)
    assert (control.sent, control.revenue) == (None, Revenue(1, 500))


def test_a_running_campaign_does_not_ask_for_orders(world: World) -> None:
    world.follow(*CROWD)
    campaign = world.begun(world.campaign(per_second=1))
    paid(world, CROWD[0], 100)
    assert campaign.state == Campaign.State.RUNNING
    assert {line.revenue.orders for line in report.of(campaign, Tally.of(campaign))} == {0}
