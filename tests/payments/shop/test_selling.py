"""Tests of sales: they never exceed the stock or a person's limit; unpaid items become available again."""

import contextlib
import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.orders.apply_transaction import closed
from payments.orders.models import Order
from payments.orders.refunds import refunding
from payments.orders.states import OPEN, PAID, OrderState
from payments.shop import selling
from payments.shop.models import Item, Sale
from payments.shop.selling import NotForSale
from tests.payments.shop.conftest import Offered
from tests.payments.world import notify
from wechat.channels.models import Attribution, Channel

PERSON = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


def buy(item: Item, openid: str = PERSON, key: str = "k", total: int = 9980) -> Order:
    return selling.buy(item, openid, total=total, answers=[("姓名", "小雨")], key=key)


def refusal(item: Item, **differently: Any) -> str:
    with pytest.raises(NotForSale) as refused:
        buy(item, **differently)
    return refused.value.code


def close(order: Order) -> None:
    with transaction.atomic():
        closed(Order.objects.select_for_update().get(pk=order.pk), "test")


def figures(item: Item) -> tuple[int, int, int, int]:
    item.refresh_from_db()
    return item.taken, item.sold, item.paid, item.refunded


def test_an_order_carries_the_item_the_answers_and_the_channel(
    offered: Offered, account: OfficialAccount
) -> None:
    item, now = offered(), timezone.now()
    channel = Channel.objects.create(account=account, name="一号店")
    Attribution.objects.create(
        account=account,
        openid=PERSON,
        first_channel=channel,
        last_channel=channel,
        first_at=now,
        last_at=now,
    )
    order = Order.objects.get(pk=buy(item).pk)
    assert (order.item, order.description, order.total, order.openid) == ("手工课", "手工课", 9980, PERSON)
    assert (order.sale.item, order.sale.answers, order.sale.channel) == (item, [["姓名", "小雨"]], channel)


def test_the_same_key_is_the_same_order_and_takes_one_piece(offered: Offered) -> None:
    item = offered(stock=1)
    assert buy(item) == buy(item)
    assert figures(item) == (1, 0, 0, 0)


def test_the_last_piece_is_sold_once_and_free_again_when_nobody_pays(offered: Offered) -> None:
    item = offered(stock=1)
    order = buy(item)
    assert refusal(item, openid="oOther", key="k2") == "sold_out"
    close(order)
    close(order)
    assert figures(item) == (0, 0, 0, 0)
    buy(item, openid="oOther", key="k2")
    assert figures(item) == (1, 0, 0, 0)


def test_an_order_that_wechat_pay_refused_gives_its_piece_back(offered: Offered) -> None:
    item = offered(stock=1)
    order = buy(item)
    Order.objects.filter(pk=order.pk).update(state=OrderState.FAILED, due_at=None)
    assert figures(item)[0] == 0


def test_nobody_holds_more_than_one_piece_without_paying(offered: Offered) -> None:
    item = offered(stock=5)
    order = buy(item)
    assert refusal(item, key="k2") == "unpaid"
    notify(order)
    buy(item, key="k2")


def test_what_was_paid_and_given_back_is_counted(offered: Offered) -> None:
    item = offered(stock=5)
    order = buy(item)
    notify(order)
    assert figures(item) == (1, 1, 9980, 0)
    order.refresh_from_db()
    refunding.request(order, 980, source="test", key="r", reason="")
    Order.objects.filter(pk=order.pk).update(state="partly", refunded=980)
    assert figures(item) == (1, 1, 9980, 980)


def test_money_that_comes_after_closing_takes_a_piece_if_there_is_one(offered: Offered) -> None:
    item = offered(stock=1)
    late = buy(item)
    close(late)
    notify(late)
    assert figures(item) == (1, 1, 9980, 0)
    Item.objects.update(stock=2)
    later = buy(item, key="k2")
    close(later)
    buy(item, key="k3", openid="oOther")
    assert notify(later, transaction_id="4200002").status_code == 204
    assert figures(item) == (2, 2, 19960, 0)
    assert not Sale.objects.get(order=later).held


def test_a_person_cannot_have_more_than_the_limit(offered: Offered) -> None:
    item = offered(each_person=1)
    order = buy(item)
    assert refusal(item, key="k2") == "unpaid"
    buy(item, openid="oOther", key="k2")
    close(order)
    again = buy(item, key="k3")
    notify(again)
    assert refusal(item, key="k4") == "limit"
    Order.objects.filter(pk=again.pk).update(state="refunded", reserved=9980, refunded=9980)
    buy(item, key="k4")


HOUR = datetime.timedelta(hours=1)
MORNING = datetime.datetime(2026, 3, 2, 8, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("given_", "code"),
    [
        ({"enabled": False}, "off"),
        ({"opens_at": HOUR}, "early"),
        ({"ends_at": -HOUR}, "ended"),
        ({"stock": 0}, "sold_out"),
        ({"price": 9981}, "price"),
        ({"price": None, "least": 9981, "most": 20000}, "amount"),
        ({"price": None, "least": 1, "most": 9979}, "amount"),
    ],
)
def test_what_cannot_be_had_is_refused_in_words(offered: Offered, given_: Any, code: str) -> None:
    now = timezone.now()
    times = {name: now + after for name, after in given_.items() if isinstance(after, datetime.timedelta)}
    item = offered(**given_ | times)
    assert refusal(item) == code
    assert not Order.objects.exists()


def test_a_disabled_merchant_sells_nothing(offered: Offered, merchant: Merchant) -> None:
    item = offered()
    Merchant.objects.filter(pk=merchant.pk).update(enabled=False)
    assert refusal(item) == "off"


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": 0},
        {"price": None},
        {"price": 100, "least": 1, "most": 2},
        {"price": None, "least": 0, "most": 5},
        {"price": None, "least": 6, "most": 5},
        {"price": None, "least": 1, "most": 10_000_001},
        {"stock": 1, "taken": 2},
        {"each_person": 0},
        {"opens_at": MORNING, "ends_at": MORNING},
    ],
)
def test_the_database_refuses_what_makes_no_sense(offered: Offered, wrong: Any) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        offered(**wrong)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_exceed_stock_or_limit(offered: Offered) -> None:
    item = offered(stock=5, each_person=1)

    def attempt(number: int) -> bool:
        try:
            buy(Item.objects.get(pk=item.pk), openid=f"o{number % 8}", key=f"k{number}")
        except NotForSale:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        had = list(pool.map(attempt, range(24)))
    assert sum(had) == 5
    assert figures(item)[0] == 5
    people = list(Sale.objects.values_list("openid", flat=True))
    assert len(people) == len(set(people)) == 5


DOINGS: st.SearchStrategy[Any] = st.one_of(
    st.tuples(st.just("buy"), st.integers(0, 3)),
    st.tuples(st.sampled_from(["close", "pay", "refund"]), st.integers(0, 9)),
)


@settings(max_examples=20)
@given(doings=st.lists(DOINGS, max_size=25))
def test_whatever_happens_the_figures_are_those_of_the_orders(offered: Offered, doings: list[Any]) -> None:
    item = offered(stock=4)
    orders: list[Order] = []
    act: dict[str, Callable[[Order], Any]] = {"close": close, "pay": _pay, "refund": _refund}
    for number, (name, which) in enumerate(doings):
        if name == "buy":
            with contextlib.suppress(NotForSale):
                orders.append(buy(item, openid=f"o{which}", key=f"k{number}"))
        elif orders:
            act[name](orders[which % len(orders)])
    taken, sold, paid, refunded = figures(item)
    mine = Order.objects.filter(sale__item=item)
    bought = mine.filter(state__in=sorted(PAID))
    assert taken == Sale.objects.filter(item=item, held=True).count() <= 4
    assert not Sale.objects.filter(item=item, held=False, order__state__in=sorted(OPEN)).exists()
    assert (sold, paid) == (bought.count(), 9980 * bought.count())
    assert refunded == sum(order.refunded for order in mine)


def _pay(order: Order) -> None:
    notify(order, transaction_id=f"42{order.pk}")


def _refund(order: Order) -> None:
    Order.objects.filter(pk=order.pk, state="paid").update(
        state="refunded", reserved=order.total, refunded=order.total
    )
