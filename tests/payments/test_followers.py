"""Tests of payments in other apps: segments, the follower's page, the desk, channels, menus, erasing."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.followers import erasing, segments, timeline
from accounts.followers.models import Follower
from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from config.handlers import paid_orders
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order
from payments.orders.states import OrderState
from payments.shop.models import Item, Sale
from tests.cast import Cast, signed_in
from tests.payments.world import answer_close, answer_query
from tests.sdk.pay.platform import PayPlatform
from wechat.channels import report
from wechat.channels.models import Attribution, Channel
from wechat.console.periods import Period
from wechat.desk import panel
from wechat.desk.models import Thread
from wechat.kernel import work
from wechat.materials import usage
from wechat.materials.models import Asset

OFTEN, ONCE, NEVER = "oOften", "oOnce", "oNever"


def paid(merchant: Merchant, openid: str, total: int, *, days_ago: int = 0, refunded: int = 0) -> Order:
    number = Order.objects.count()
    return Order.objects.create(
        account=merchant.accounts.get(),
        merchant=merchant,
        out_trade_no=f"WC{number}",
        source="test",
        key=f"k{number}",
        way="jsapi",
        openid=openid,
        payer_openid=openid,
        description="礼盒",
        total=total,
        expires_at=timezone.now(),
        state="partly" if refunded else "paid",
        reserved=refunded,
        refunded=refunded,
        transaction_id=f"42{number}",
        paid_at=timezone.now() - datetime.timedelta(days=days_ago),
    )


@pytest.fixture
def people(account: OfficialAccount, merchant: Merchant) -> dict[str, Follower]:
    """Makes people: one paid 30 yuan long ago and 20 lately, 5 of them returned; one 10; one never paid."""
    paid(merchant, OFTEN, 3000, days_ago=40)
    paid(merchant, OFTEN, 2000, days_ago=3, refunded=500)
    paid(merchant, ONCE, 1000, days_ago=20)
    return {
        openid: Follower.objects.create(account=account, openid=openid) for openid in (OFTEN, ONCE, NEVER)
    }


@pytest.mark.parametrize(
    ("field", "compare", "value", "who"),
    [
        ("orders.count", "least", "2", {OFTEN}),
        ("orders.count", "least", "0", {OFTEN, ONCE, NEVER}),
        ("orders.count", "most", "1", {ONCE, NEVER}),
        ("orders.count", "is", "0", {NEVER}),
        ("orders.count", "is", "1", {ONCE}),
        ("orders.amount", "least", "45.00", {OFTEN}),
        ("orders.amount", "least", "45.01", set()),
        ("orders.amount", "most", "10", {ONCE, NEVER}),
        ("orders.last", "within", "10", {OFTEN}),
        ("orders.last", "longer", "10", {ONCE}),
        ("orders.last", "never", "", {NEVER}),
    ],
)
def test_segments_ask_how_often_how_much_and_when(
    people: dict[str, Follower], account: OfficialAccount, field: str, compare: str, value: str, who: set[str]
) -> None:
    row: Any = {"field": field, "compare": compare, "value": value}
    found = Follower.objects.filter(segments.query(account, [row]), account=account)
    assert set(found.values_list("openid", flat=True)) == who


def test_another_accounts_orders_are_not_asked(people: dict[str, Follower], staff: Cast) -> None:
    Follower.objects.create(account=staff.theirs, openid=OFTEN)
    row: Any = {"field": "orders.count", "compare": "least", "value": "1"}
    assert not Follower.objects.filter(segments.query(staff.theirs, [row]), account=staff.theirs).exists()


def test_the_page_of_a_follower_tells_payments_to_who_may_see_money(
    people: dict[str, Follower], staff: Cast
) -> None:
    address = f"/admin/followers/follower/{people[OFTEN].pk}/change/"
    shown = signed_in(staff.owner).get(address).content.decode()
    assert "礼盒 ¥30.00" in shown
    assert "¥45.00" in shown
    assert "¥30.00" not in signed_in(staff.service).get(address).content.decode()


def test_moments_come_page_by_page(people: dict[str, Follower]) -> None:
    first, _before = timeline.page(people[OFTEN], None, lambda area: area == Area.MONEY)
    assert [moment.text for moment in first] == ["礼盒 ¥20.00", "礼盒 ¥30.00"]
    older, _before = timeline.page(people[OFTEN], first[0].at, lambda area: area == Area.MONEY)
    assert [moment.text for moment in older] == ["礼盒 ¥30.00"]
    assert timeline.panels(people[NEVER], lambda area: area == Area.MONEY) == []


def test_the_desk_shows_the_newest_orders(people: dict[str, Follower]) -> None:
    facts = [fact.text for fact in panel.facts(people[OFTEN], anything) if "礼盒" in str(fact.text)]
    assert [str(text)[:9] for text in facts] == ["礼盒 ¥20.00", "礼盒 ¥30.00"]
    assert not [fact for fact in panel.facts(people[NEVER], anything) if "¥" in str(fact.text)]


def anything(area: Area) -> bool:
    return True


def test_the_desk_links_an_order_only_for_who_may_open_it(people: dict[str, Follower], staff: Cast) -> None:
    Thread.objects.create(account=staff.ours, openid=OFTEN, newest_id=1, newest_at=timezone.now())
    order = Order.objects.filter(openid=OFTEN).latest("pk")
    link = reverse("admin:orders_order_change", args=[order.pk])
    for reader, is_linked in ((staff.owner, True), (staff.service, False)):
        page = signed_in(reader).get(f"/admin/desk/thread/?who={OFTEN}").content.decode()
        assert "礼盒 ¥20.00" in page
        assert (link in page) == is_linked


def test_revenue_goes_to_the_channel_that_brought_the_payer(
    people: dict[str, Follower], account: OfficialAccount
) -> None:
    first, last = (Channel.objects.create(account=account, name=name) for name in ("一号店", "二号店"))
    now = timezone.now()
    Attribution.objects.create(
        account=account, openid=OFTEN, first_channel=first, first_at=now, last_channel=last, last_at=now
    )
    today = timezone.localdate()
    period = Period(today - datetime.timedelta(days=9), today)
    lines = report.compared(account, period, Channel.objects.filter(account=account))
    assert {line.channel: (line.figures.revenue.orders, line.figures.revenue.fen) for line in lines} == {
        first: (1, 1500),
        last: (0, 0),
    }


def test_menus_are_told_what_was_bought(people: dict[str, Follower], account: OfficialAccount) -> None:
    since = timezone.now() - datetime.timedelta(days=30)
    assert [(each.openid, each.fen) for each in paid_orders(account, since)] == [(ONCE, 1000), (OFTEN, 1500)]


def test_forgetting_somebody_empties_what_they_filled_in_and_keeps_the_books(
    people: dict[str, Follower], merchant: Merchant, account: OfficialAccount
) -> None:
    item = Item.objects.create(account=account, merchant=merchant, title="礼盒", price=3000)
    order = Order.objects.filter(openid=OFTEN).earliest("pk")
    sale = Sale.objects.create(order=order, item=item, openid=OFTEN, answers=[["电话", "13800000000"]])
    erasing.erase(people[OFTEN])
    sale.refresh_from_db()
    assert sale.answers == []
    assert Order.objects.filter(payer_openid=OFTEN).count() == 2
    kept = [str(holding.what) for holding in erasing.holdings(people[OFTEN]) if holding.erase is None]
    assert len(kept) == 1


def test_what_somebody_who_is_forgotten_could_still_pay_is_closed(
    wanted: Callable[..., ordering.OrderRequest], pay: PayPlatform, account: OfficialAccount, staff: Cast
) -> None:
    order = ordering.place(ordering.create(wanted()))
    other = ordering.create(wanted(openid="oSomebody", key="other"))
    follower = Follower.objects.create(account=account, openid=order.openid)
    page = reverse("admin:followers_erase", args=[follower.pk])
    owner = signed_in(staff.owner)
    assert "1 个未支付的订单" in owner.get(page).content.decode()
    erasing.erase(follower)
    order.refresh_from_db()
    assert order.state == OrderState.CLOSING
    with pytest.raises(ordering.OrderRefused):
        ordering.place(order)
    answer_query(pay, order)
    answer_close(pay, order)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=1)):
        work.run("orders.poll")
    assert set(Order.objects.values_list("pk", "state")) == {(order.pk, "closed"), (other.pk, "created")}


def test_a_picture_in_use_is_not_deleted(account: OfficialAccount, merchant: Merchant) -> None:
    picture = Asset.objects.create(
        account=account, name="a", file="a.png", content_type="image/png", size=1, due_at=timezone.now()
    )
    Item.objects.create(account=account, merchant=merchant, title="礼盒", price=1, picture=picture)
    assert [use for use in usage.uses(picture) if "礼盒" in use]
