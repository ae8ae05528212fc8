import datetime
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.official.models import OfficialAccount
from payments.merchants.models import Merchant
from payments.orders.models import Order
from payments.orders.refunds import refunding
from tests.payments.world import TRANSACTIONS, answer_close, answer_query, notify, reply
from tests.sdk.pay.platform import PayPlatform, refused
from tests.sdk.platform import Reply
from tests.signed import Signed, business_system
from wechat.api.models import KeptAnswer

MINUTE = datetime.timedelta(minutes=1)
SCOPES = ["orders:read", "orders:write", "refunds:write"]
WANTED: dict[str, Any] = {
    "way": "jsapi", "total": 10000, "description": "会员年卡", "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
}  # fmt: skip


@pytest.fixture
def shop(account: OfficialAccount, merchant: Merchant) -> Signed:
    return business_system(account, scopes=SCOPES)


def made(shop: Signed, key: str = "k", **differently: Any) -> Any:
    return shop.post("/api/v1/orders", {**WANTED, **differently}, key=key)


def test_an_order_is_made_and_can_be_paid(shop: Signed, pay: PayPlatform) -> None:
    answer = made(shop)
    assert answer.status_code == 201, answer.content
    payload = answer.json()
    assert (payload["state"], payload["total"]) == ("paying", 10000)
    assert payload["pay"]["bridge"]["package"] == "prepay_id=wx1"
    order = Order.objects.get()
    notify(order)
    assert shop.get(f"/api/v1/orders/{order.out_trade_no}").json()["state"] == "paid"


def test_other_ways_give_what_starts_them(shop: Signed, pay: PayPlatform) -> None:
    assert made(shop, "n", way="native", openid="").status_code == 400
    native = {name: WANTED[name] for name in ("total", "description")}
    assert "code_url" in shop.post("/api/v1/orders", {**native, "way": "native"}).json()["pay"]
    h5 = {**native, "way": "h5", "client_ip": "203.0.113.7"}
    assert "h5_url" in shop.post("/api/v1/orders", h5).json()["pay"]


def test_after_no_answer_the_same_key_is_the_same_order(shop: Signed, pay: PayPlatform) -> None:
    path = f"{TRANSACTIONS}/jsapi"
    works, pay.pay[path] = pay.pay[path], lambda request: Reply(b"", status=0)
    lost = made(shop)
    assert (lost.status_code, lost.json()["error"]["code"]) == (503, "uncertain")
    pay.pay[path] = works
    assert made(shop).status_code == 201
    assert Order.objects.count() == 1
    assert shop.get("/api/v1/orders", key="k").json()["items"][0]["out_trade_no"]


def test_an_order_that_is_asked_for_again_stays_with_its_merchant(
    shop: Signed, pay: PayPlatform, account: OfficialAccount
) -> None:
    """Staff had the account sell through another merchant too, between a lost answer and the repeat."""
    first = made(shop).json()["out_trade_no"]
    KeptAnswer.objects.all().delete()
    Merchant.objects.create(slug="second", mchid="1900000002").accounts.add(account)
    again = made(shop)
    assert (again.status_code, again.json().get("out_trade_no")) == (201, first)
    assert list(made(shop, "another").json()["error"]["fields"]) == ["merchant"]


def test_an_order_may_live_as_short_as_is_documented(shop: Signed, pay: PayPlatform) -> None:
    answer = made(shop, lifetime=60)
    assert (answer.status_code, answer.json()["state"]) == (201, "paying")


@pytest.mark.parametrize("openid", ["a/b", "o\n1", "o" * 65, "用户"])
def test_an_openid_has_the_form_of_one(shop: Signed, pay: PayPlatform, openid: str) -> None:
    answer = made(shop, openid=openid)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["openid"])


@pytest.mark.parametrize(
    "differently",
    [
        {"total": 0},
        {"total": -5},
        {"total": 1.5},
        {"total": 1.0},
        {"total": "100"},
        {"total": True},
        {"total": 10**12},
        {"currency": "USD"},
        {"way": "cash"},
        {"description": ""},
        {"lifetime": 10},
        {"client_ip": "nowhere"},
        {"goods": [{"merchant_goods_id": "a b", "goods_name": "x", "quantity": 1, "unit_price": 1}]},
    ],
)
def test_what_is_not_right_is_named(shop: Signed, pay: PayPlatform, differently: dict[str, Any]) -> None:
    answer = made(shop, **differently)
    assert answer.status_code == 400
    assert set(answer.json()["error"]["fields"]) & set(differently)
    assert not Order.objects.exists()


def test_the_platforms_refusal_is_told_by_its_code(shop: Signed, pay: PayPlatform) -> None:
    pay.pay[f"{TRANSACTIONS}/jsapi"] = lambda request: refused(400, "APPID_MCHID_NOT_MATCH", "未绑定")
    answer = made(shop)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (502, "platform_refused")
    assert (error["errcode"], error["message"]) == ("APPID_MCHID_NOT_MATCH", "微信拒绝了请求：未绑定")


def test_a_merchant_that_is_not_the_accounts_is_refused(shop: Signed, pay: PayPlatform) -> None:
    assert list(made(shop, "a", merchant="elsewhere").json()["error"]["fields"]) == ["merchant"]
    assert made(shop, "b", merchant="shop").status_code == 201


def test_an_order_is_closed(shop: Signed, pay: PayPlatform) -> None:
    made(shop)
    order = Order.objects.get()
    answer_query(pay, order)
    answer_close(pay, order)
    assert shop.post(f"/api/v1/orders/{order.out_trade_no}/close", None).json()["state"] == "closed"
    assert shop.post(f"/api/v1/orders/{order.out_trade_no}/close", None).json()["state"] == "closed"


def test_a_refund_is_asked_for_once(shop: Signed, paid: Order) -> None:
    wanted = {"out_trade_no": paid.out_trade_no, "amount": 3000, "reason": "售完"}
    first, again = (shop.post("/api/v1/refunds", wanted, key="r") for _time in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["amount"]) == ("pending", 3000)
    listed = shop.get("/api/v1/refunds", out_trade_no=paid.out_trade_no).json()["items"]
    assert [each["out_refund_no"] for each in listed] == [first.json()["out_refund_no"]]
    assert shop.get(f"/api/v1/refunds/{listed[0]['out_refund_no']}").json() == listed[0]
    too_much = shop.post("/api/v1/refunds", {**wanted, "amount": 7001})
    assert (too_much.status_code, too_much.json()["error"]["code"]) == (400, "too_much")


def test_each_scope_opens_its_own_door(account: OfficialAccount, paid: Order) -> None:
    reader = business_system(account, scopes=["orders:read"])
    assert reader.get("/api/v1/orders").status_code == 200
    assert made(reader).status_code == 403
    assert renewed(reader, paid.out_trade_no).status_code == 403
    assert reader.post("/api/v1/refunds", {}).status_code == 403
    writer = business_system(account, scopes=["orders:write"])
    assert writer.get("/api/v1/orders").status_code == 403
    assert made(writer).status_code == 201


def test_nobody_sees_or_refunds_what_belongs_to_another_account(paid: Order) -> None:
    other = OfficialAccount.objects.create(
        slug="other", name="另一个", appid="wxaaaaaaaaaaaaaaaa", token="othertoken", mode="plain"
    )
    stranger = business_system(other, scopes=SCOPES)
    assert stranger.get("/api/v1/orders").json()["items"] == []
    assert stranger.get(f"/api/v1/orders/{paid.out_trade_no}").status_code == 404
    assert stranger.post(f"/api/v1/orders/{paid.out_trade_no}/close", None).status_code == 404
    assert renewed(stranger, paid.out_trade_no).status_code == 404
    wanted = {"out_trade_no": paid.out_trade_no, "amount": 1}
    assert stranger.post("/api/v1/refunds", wanted).status_code == 404
    refund = refunding.request(paid, 1, source="test", key="r")
    assert stranger.get(f"/api/v1/refunds/{refund.out_refund_no}").status_code == 404


def test_a_description_holds_only_what_can_be_shown_and_exported(shop: Signed, pay: PayPlatform) -> None:
    assert made(shop, description="会员\x0b年卡\0\ud83d").status_code == 201
    assert Order.objects.get().description == "会员年卡"


def renewed(system: Signed, number: str) -> Any:
    return system.post(f"/api/v1/orders/{number}/pay", None)


def test_a_way_to_pay_that_is_spent_is_renewed(shop: Signed, pay: PayPlatform) -> None:
    wanted = {"way": "h5", "total": 10000, "description": "会员年卡", "client_ip": "203.0.113.7"}
    number = shop.post("/api/v1/orders", wanted, key="k").json()["out_trade_no"]
    pay.pay[f"{TRANSACTIONS}/h5"] = lambda request: reply(h5_url="https://wx.tenpay.com/x?prepay_id=2")
    assert renewed(shop, number).json()["pay"]["h5_url"].endswith("prepay_id=1")
    with time_machine.travel(timezone.now() + 5 * MINUTE):
        again = shop.post("/api/v1/orders", wanted, key="k").json()
        answer = renewed(shop, number)
    assert again["pay"]["h5_url"].endswith("prepay_id=1")
    assert (answer.status_code, answer.json()) == (
        200, {**again, "pay": {"h5_url": "https://wx.tenpay.com/x?prepay_id=2"}},
    )  # fmt: skip


def test_without_an_answer_the_way_to_pay_is_asked_for_again(shop: Signed, pay: PayPlatform) -> None:
    number = made(shop).json()["out_trade_no"]
    Order.objects.update(prepay="")
    path = f"{TRANSACTIONS}/jsapi"
    works, pay.pay[path] = pay.pay[path], lambda request: Reply(b"", status=0)
    lost = renewed(shop, number)
    assert (lost.status_code, lost.json()["error"]["code"]) == (503, "uncertain")
    pay.pay[path] = works
    assert renewed(shop, number).json()["pay"]["bridge"]["package"] == "prepay_id=wx1"


def test_a_paid_order_has_no_way_to_pay(shop: Signed, paid: Order) -> None:
    answer = renewed(shop, paid.out_trade_no)
    assert (answer.status_code, answer.json()["state"], answer.json()["pay"]) == (200, "paid", {})


def test_an_order_that_is_closed_or_over_has_no_way_to_pay(shop: Signed, pay: PayPlatform) -> None:
    number = made(shop).json()["out_trade_no"]
    with time_machine.travel(timezone.now() + 31 * MINUTE):
        over = renewed(shop, number)
    order = Order.objects.get()
    answer_query(pay, order)
    answer_close(pay, order)
    shop.post(f"/api/v1/orders/{number}/close", None)
    for answer in (over, renewed(shop, number)):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "over")
