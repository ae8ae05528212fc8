import datetime
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order
from payments.orders.ordering import OrderRefused, OrderRequest, Uncertain
from payments.orders.states import OrderState
from tests.payments.conftest import Ordered
from tests.payments.world import TRANSACTIONS, answer_query, answer_unknown, notify, reply, transaction
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.platform import Reply
from wechat.sdk.pay import orders

JSAPI = f"{TRANSACTIONS}/jsapi"
Want = Callable[..., OrderRequest]


def test_the_same_key_is_the_same_order_and_asks_once(ordered: Ordered, pay: PayPlatform) -> None:
    first, again = ordered(), ordered()
    assert first.pk == again.pk
    assert again.prepay == "wx1"
    assert pay.calls()[JSAPI] == 1


TEA = orders.Goods("tea", "龙井", 1, 10000)


@pytest.mark.parametrize(
    "differently",
    [
        {"total": 1},
        {"openid": "oAnother"},
        {"description": "会员月卡"},
        {"attach": "a"},
        {"item": "b"},
        {"way": Order.Way.NATIVE},
        {"goods": ()},
        {"goods": (replace(TEA, goods_name="普洱"),)},
        {"goods": (replace(TEA, quantity=2),)},
        {"goods": (TEA, TEA)},
    ],
    ids=str,
)
def test_the_same_key_with_other_contents_is_refused(wanted: Want, differently: dict[str, Any]) -> None:
    made = ordering.create(wanted(goods=(TEA,)))
    assert ordering.create(wanted(goods=(TEA,))).pk == made.pk
    with pytest.raises(OrderRefused) as no:
        ordering.create(wanted(**{"goods": (TEA,), **differently}))
    assert no.value.code == "conflict"
    assert Order.objects.count() == 1


def test_another_maker_may_use_the_same_key(wanted: Want) -> None:
    assert ordering.create(wanted()).pk != ordering.create(wanted(source="other")).pk


@pytest.mark.parametrize(
    ("differently", "code"),
    [
        ({"total": 0}, "total"),
        ({"total": -1}, "total"),
        ({"total": 1.5}, "total"),
        ({"total": True}, "total"),
        ({"total": "100"}, "total"),
        ({"total": ordering.LARGEST_TOTAL + 1}, "total"),
        ({"description": "  "}, "description"),
        ({"description": "长" * 128}, "description"),
        ({"attach": "长" * 43}, "attach"),
        ({"goods": (TEA,) * 80}, "goods"),
        ({"key": ""}, "key"),
        ({"key": "k" * 161}, "key"),
        ({"openid": ""}, "openid"),
        ({"way": Order.Way.H5}, "client_ip"),
        ({"lifetime": datetime.timedelta(seconds=59)}, "lifetime"),
        ({"lifetime": datetime.timedelta(days=8)}, "lifetime"),
    ],
)
def test_what_cannot_be_sold_is_refused_before_anything_is_written(
    wanted: Want, differently: dict[str, Any], code: str
) -> None:
    with pytest.raises(OrderRefused) as no:
        ordering.create(wanted(**differently))
    assert no.value.code == code
    assert str(no.value.sentence)
    assert not Order.objects.exists()


def test_an_account_sells_through_its_own_merchants_only(
    wanted: Want, merchant: Merchant, account: OfficialAccount
) -> None:
    assert ordering.merchant_of(account) == merchant
    merchant.accounts.clear()
    with pytest.raises(OrderRefused):
        ordering.create(wanted())
    with pytest.raises(OrderRefused):
        ordering.merchant_of(account)


def test_numbers_follow_the_rule_and_differ(wanted: Want) -> None:
    first, second = (ordering.create(wanted(key=key)).out_trade_no for key in "ab")
    assert first != second
    assert first.startswith(f"WC{timezone.localdate():%Y%m%d}")
    assert len(first) == 26


def test_an_order_is_there_before_the_call_and_stays_when_the_answer_is_lost(
    wanted: Want, pay: PayPlatform
) -> None:
    seen: list[str] = []

    def hang_up(request: Any) -> Reply:
        seen.append(json.loads(request.body)["out_trade_no"])
        return Reply(b"", status=0)

    pay.pay[JSAPI] = hang_up
    order = ordering.create(wanted())
    with pytest.raises(Uncertain):
        ordering.place(order)
    order.refresh_from_db()
    assert (order.state, seen[0]) == (OrderState.CREATED, order.out_trade_no)
    assert order.due_at < timezone.now() + datetime.timedelta(seconds=6)  # type: ignore[operator]  # it is open


def test_after_an_uncertain_answer_the_same_words_are_sent_again(wanted: Want, pay: PayPlatform) -> None:
    answers = iter([Reply(b"", status=0), refused(500, "SYSTEM_ERROR"), reply(prepay_id="wx2")])
    pay.pay[JSAPI] = lambda request: next(answers)
    for _attempt in range(2):
        with pytest.raises(Uncertain):
            ordering.place(ordering.create(wanted()))
    assert ordering.place(ordering.create(wanted())).prepay == "wx2"
    assert len({request.body for request in pay.requests}) == 1


def test_a_payment_that_is_quicker_than_the_answer_is_not_undone(wanted: Want, pay: PayPlatform) -> None:
    order = ordering.create(wanted())

    def paid_meanwhile(request: Any) -> Reply:
        return refused(400, "ORDERPAID", "该订单已支付")

    pay.pay[JSAPI] = paid_meanwhile
    answer_query(pay, order, "SUCCESS")
    assert ordering.place(order).state == OrderState.PAID


@pytest.mark.parametrize("code", ["PARAM_ERROR", "APPID_MCHID_NOT_MATCH", "SIGN_ERROR", "NO_AUTH"])
def test_a_first_call_that_is_refused_for_good_fails_the_order(
    wanted: Want, pay: PayPlatform, code: str
) -> None:
    pay.pay[JSAPI] = lambda request: refused(400, code, "参数错误")
    order = ordering.create(wanted())
    with pytest.raises(OrderRefused) as no:
        ordering.place(order)
    assert (no.value.code, no.value.sentence) == (code, "参数错误")
    order.refresh_from_db()
    assert (order.state, order.due_at) == (OrderState.FAILED, None)


def test_a_later_call_that_is_refused_leaves_the_order_to_be_looked_after(
    wanted: Want, pay: PayPlatform
) -> None:
    """The first one, whose answer was lost, may have worked."""
    answers = iter([Reply(b"", status=0), refused(401, "SIGN_ERROR")])
    pay.pay[JSAPI] = lambda request: next(answers)
    order = ordering.create(wanted())
    answer_unknown(pay, order)
    with pytest.raises(Uncertain):
        ordering.place(order)
    with pytest.raises(OrderRefused):
        ordering.place(order)
    order.refresh_from_db()
    assert order.state == OrderState.CREATED
    assert order.due_at


def test_a_call_that_does_not_know_of_an_earlier_one_does_not_fail_the_order(
    wanted: Want, pay: PayPlatform
) -> None:
    """Both have read the order before either called."""
    answers = iter([Reply(b"", status=0), refused(401, "SIGN_ERROR")])
    pay.pay[JSAPI] = lambda request: next(answers)
    first, second = ordering.create(wanted()), ordering.create(wanted())
    answer_unknown(pay, first)
    with pytest.raises(Uncertain):
        ordering.place(first)
    with pytest.raises(OrderRefused):
        ordering.place(second)
    second.refresh_from_db()
    assert (second.state, second.calls) == (OrderState.CREATED, 2)
    assert second.due_at


@pytest.mark.django_db(transaction=True)
def test_a_refused_call_does_not_fail_an_order_that_is_placed_meanwhile(
    wanted: Want, pay: PayPlatform
) -> None:
    """The first call is refused while the second is under way, which is then accepted."""
    first, second = ordering.create(wanted()), ordering.create(wanted())
    first_is_there, second_is_there, is_refused = (threading.Event() for _event in range(3))

    def answer(request: Any) -> Reply:
        if not first_is_there.is_set():
            first_is_there.set()
            assert second_is_there.wait(60)
            return refused(401, "SIGN_ERROR")
        second_is_there.set()
        assert is_refused.wait(60)
        return reply(prepay_id="wx2")

    def be_refused() -> None:
        with pytest.raises(OrderRefused):
            ordering.place(first)
        is_refused.set()
        connection.close()

    pay.pay[JSAPI] = answer
    answer_unknown(pay, first)
    refusal = threading.Thread(target=be_refused)
    refusal.start()
    assert first_is_there.wait(60)
    placed = ordering.place(second)
    refusal.join()
    assert (placed.state, placed.prepay) == (OrderState.PAYING, "wx2")


def test_an_order_that_has_been_paid_since_it_was_read_is_not_placed_again(
    ordered: Ordered, wanted: Want, pay: PayPlatform
) -> None:
    early = ordering.create(wanted())
    assert notify(ordered()).status_code == 204
    assert ordering.place(early).state == OrderState.PAID
    assert pay.calls()[JSAPI] == 1


def test_an_order_that_has_failed_since_it_was_read_is_not_placed_again(
    wanted: Want, pay: PayPlatform
) -> None:
    pay.pay[JSAPI] = lambda request: refused(400, "PARAM_ERROR")
    first, second = ordering.create(wanted()), ordering.create(wanted())
    for order, code in ((first, "PARAM_ERROR"), (second, "over")):
        with pytest.raises(OrderRefused) as no:
            ordering.place(order)
        assert no.value.code == code
    assert pay.calls()[JSAPI] == 1


def test_a_prepay_id_is_renewed_when_its_two_hours_are_nearly_over(
    ordered: Ordered, pay: PayPlatform
) -> None:
    order = ordered(lifetime=datetime.timedelta(days=1))
    Order.objects.update(prepay_until=timezone.now() + datetime.timedelta(minutes=4))
    pay.pay[JSAPI] = lambda request: reply(prepay_id="wx2")
    order.refresh_from_db()
    assert ordering.place(order).prepay == "wx2"
    first, second = pay.requests
    assert first.body == second.body


@pytest.mark.parametrize("seconds", [240, 30], ids=["last minutes", "last minute"])
@pytest.mark.parametrize("way", list(Order.Way))
def test_what_wechat_pay_gave_is_used_until_the_order_ends(
    ordered: Ordered, pay: PayPlatform, way: Order.Way, seconds: int
) -> None:
    order = ordered(lifetime=datetime.timedelta(minutes=5), way=way, client_ip="203.0.113.7")
    with time_machine.travel(order.expires_at - datetime.timedelta(seconds=seconds)):
        assert ordering.place(order).prepay == order.prepay
    assert len(pay.requests) == 1
    with time_machine.travel(order.expires_at), pytest.raises(OrderRefused):
        ordering.place(order)


def test_an_order_whose_time_is_nearly_over_is_not_placed(wanted: Want, pay: PayPlatform) -> None:
    order = ordering.create(wanted())
    Order.objects.update(expires_at=timezone.now() + datetime.timedelta(seconds=50))
    order.refresh_from_db()
    with pytest.raises(OrderRefused) as no:
        ordering.place(order)
    assert no.value.code == "over"


def test_native_and_h5_orders_are_placed_in_their_own_way(ordered: Ordered) -> None:
    native = ordered(key="n", way=Order.Way.NATIVE, openid="")
    h5 = ordered(key="h", way=Order.Way.H5, openid="", client_ip="203.0.113.7")
    assert native.prepay.startswith("weixin://")
    assert h5.prepay.startswith("https://wx.tenpay.com/")
    assert h5.prepay_until < timezone.now() + datetime.timedelta(minutes=6)  # type: ignore[operator]


def test_a_mini_program_gets_its_bridge_without_an_appid(ordered: Ordered, account: OfficialAccount) -> None:
    order = ordered()
    assert ordering.bridge(order)["appId"] == account.appid
    order.account.kind = OfficialAccount.Kind.MINIPROGRAM
    assert "appId" not in ordering.bridge(order)


def test_a_disabled_merchant_sells_nothing(wanted: Want, pay: PayPlatform) -> None:
    order = ordering.create(wanted())
    Merchant.objects.update(enabled=False)
    with pytest.raises(OrderRefused) as no:
        ordering.place(order)
    assert no.value.code == "merchant"
    with pytest.raises(OrderRefused) as no:
        ordering.create(wanted(key="new", merchant=Merchant.objects.get()))
    assert no.value.code == "merchant"


def test_the_platforms_refusal_of_a_paid_order_of_somebody_else_is_an_exception(
    wanted: Want, pay: PayPlatform
) -> None:
    order = ordering.create(wanted())
    pay.pay[JSAPI] = lambda request: refused(400, "INVALID_REQUEST", "参数与首次请求时不一致")
    path = f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}"
    pay.pay[path] = lambda request: reply(**{**transaction(order, "SUCCESS"), "amount": {"total": 1}})
    with pytest.raises(OrderRefused):
        ordering.place(order)
    assert order.discrepancies.get().kind == "amount"
