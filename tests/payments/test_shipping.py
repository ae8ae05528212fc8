"""A mini program's orders: WeChat holds their money until it is told that they were shipped."""

import datetime
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.staff.models import StaffRight
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order, Shipment, Step
from tests.cast import member, signed_in
from tests.simulated import Simulated
from wechat.kernel import work

pytestmark = pytest.mark.django_db(transaction=True)

OPENID = "oMini00000000000000000000001"
UPLOAD = "/wxa/sec/order/upload_shipping_info"
PARCEL = {"how": "1", "company": "YTO", "number": "YT3750696145732", "contact": ""}
State = Shipment.State


@pytest.fixture
def mini(simulated_merchant: Merchant, simulated: Simulated) -> OfficialAccount:
    cache.clear()
    account = OfficialAccount.objects.create(
        slug="mini",
        name="小程序",
        appid="wx3c5e7a9b1d2f4068",
        appsecret="0123456789abcdef0123456789abcdef",
        kind=OfficialAccount.Kind.MINIPROGRAM,
        token="minitoken",
        mode="plain",
    )
    simulated.know(account)
    appids = [account.appid, *simulated_merchant.accounts.values_list("appid", flat=True)]
    simulated.sim("/merchants", {"mchid": simulated_merchant.mchid, "appids": appids})
    simulated_merchant.accounts.add(account)
    return account


@pytest.fixture
def order(mini: OfficialAccount, simulated_merchant: Merchant, simulated: Simulated) -> Order:
    """Paid in the mini program."""
    made = ordering.place(ordering.create(wanted(mini, simulated_merchant)))
    simulated.pay(made.prepay, OPENID)
    made.refresh_from_db()
    assert made.is_paid
    return made


def wanted(account: OfficialAccount, merchant: Merchant) -> ordering.Wanted:
    return ordering.Wanted(
        account=account,
        merchant=merchant,
        source="test",
        key="k1",
        way=Order.Way.JSAPI,
        total=10000,
        description="手工皂礼盒",
        openid=OPENID,
    )


@pytest.fixture
def finance(mini: OfficialAccount) -> Any:
    return signed_in(member("finance", mini, StaffRight.Role.FINANCE))


def page(order: Order, name: str) -> str:
    return f"/admin/orders/order/{order.pk}/{name}/"


def uploaded(simulated: Simulated, order: Order) -> list[dict[str, Any]]:
    """Returns what the platform knows of the order's shipping."""
    accounts = simulated.look("/state")["accounts"]
    return list(accounts[order.account.appid].get("shipped", {}).get(order.transaction_id, []))


def ship(finance: Any, order: Order, **differently: str) -> Any:
    return finance.post(page(order, "ship"), PARCEL | differently)


def test_a_parcel_that_finance_notes_is_told_to_wechat(
    order: Order, finance: Any, simulated: Simulated
) -> None:
    shown = finance.get(page(order, "ship")).content.decode()
    assert "圆通速递" in shown
    ship(finance, order)
    assert "正在告知微信" in finance.get(page(order, "change")).content.decode()
    work.run("orders.upload_shipping")
    (known,) = uploaded(simulated, order)
    assert (known["logistics_type"], known["delivery_mode"]) == (1, 1)
    assert known["shipping_list"] == [
        {"item_desc": "手工皂礼盒", "tracking_no": "YT3750696145732", "express_company": "YTO"}
    ]
    html = finance.get(page(order, "change")).content.decode()
    assert "微信已收到" in html
    assert "YTO YT3750696145732" in html
    assert order.steps.filter(kind=Step.Kind.SHIPPED).count() == 2


def test_what_is_not_carried_needs_no_number(order: Order, finance: Any, simulated: Simulated) -> None:
    ship(finance, order, how="3", company="", number="")
    work.run("orders.upload_shipping")
    (known,) = uploaded(simulated, order)
    assert (known["logistics_type"], known["shipping_list"]) == (3, [{"item_desc": "手工皂礼盒"}])


def test_a_parcel_without_a_number_is_refused_at_once(order: Order, finance: Any) -> None:
    assert "包裹须填写快递公司和运单号" in ship(finance, order, number="").content.decode()
    assert not Shipment.objects.exists()


def test_sf_wants_a_telephone_number_of_which_the_last_digits_are_kept(
    order: Order, finance: Any, simulated: Simulated
) -> None:
    assert "顺丰" in ship(finance, order, company="SF").content.decode()
    ship(finance, order, company="SF", contact="138 0013 8000")
    work.run("orders.upload_shipping")
    assert uploaded(simulated, order)[0]["shipping_list"][0]["contact"] == {"receiver_contact": "138****8000"}
    assert "13800138000" not in str(list(Shipment.objects.values()))


def test_an_answer_that_was_lost_is_told_again_and_is_one(
    order: Order, finance: Any, simulated: Simulated
) -> None:
    simulated.sim("/faults", {"api": UPLOAD, "drop_answer": True, "times": 1})
    ship(finance, order)
    work.run("orders.upload_shipping")
    Shipment.objects.update(due_at=timezone.now())
    work.run("orders.upload_shipping")
    assert len(uploaded(simulated, order)) == 1
    assert Shipment.objects.get().state == State.TOLD


def test_a_payment_that_wechat_does_not_know_yet_is_told_again(
    order: Order, finance: Any, simulated: Simulated
) -> None:
    simulated.sim("/faults", {"api": UPLOAD, "errcode": 10060001, "times": 1})
    ship(finance, order)
    work.run("orders.upload_shipping")
    shipment = Shipment.objects.get()
    assert (shipment.state, shipment.attempts) == (State.WAITING, 0)
    with time_machine.travel(timezone.now() + datetime.timedelta(seconds=61)):
        work.run("orders.upload_shipping")
    assert Shipment.objects.get().state == State.TOLD


def test_a_refusal_is_shown_and_may_be_corrected(order: Order, finance: Any, simulated: Simulated) -> None:
    simulated.sim("/faults", {"api": UPLOAD, "errcode": 10060025, "times": 1})
    ship(finance, order)
    work.run("orders.upload_shipping")
    html = finance.get(page(order, "change")).content.decode()
    assert "微信拒绝" in html
    assert "10060025" in html
    ship(finance, order, company="ZTO")
    work.run("orders.upload_shipping")
    assert uploaded(simulated, order)[0]["shipping_list"][0]["express_company"] == "ZTO"


def test_wechat_takes_one_correction_and_no_more(order: Order, finance: Any, simulated: Simulated) -> None:
    for number in ("A1", "A2", "A3"):
        ship(finance, order, number=number)
        work.run("orders.upload_shipping")
    numbers = [each["shipping_list"][0]["tracking_no"] for each in uploaded(simulated, order)]
    assert numbers == ["A1", "A2"]
    assert page(order, "ship") not in finance.get(page(order, "change")).content.decode()


def test_the_orders_of_an_official_account_are_not_told_of(
    simulated_merchant: Merchant, account: OfficialAccount, simulated: Simulated
) -> None:
    made = ordering.place(ordering.create(wanted(account, simulated_merchant)))
    simulated.pay(made.prepay, OPENID)
    client = signed_in(member("finance", account, StaffRight.Role.FINANCE))
    assert page(made, "ship") not in client.get(page(made, "change")).content.decode()
    client.post(page(made, "ship"), PARCEL)
    assert not Shipment.objects.exists()


def test_an_order_that_nobody_has_paid_is_not_shipped(
    mini: OfficialAccount, simulated_merchant: Merchant, finance: Any
) -> None:
    made = ordering.place(ordering.create(wanted(mini, simulated_merchant)))
    ship(finance, made)
    assert not Shipment.objects.exists()


def test_who_may_only_look_ships_nothing(order: Order, mini: OfficialAccount) -> None:
    auditor = signed_in(member("auditor", mini, StaffRight.Role.AUDITOR))
    assert auditor.post(page(order, "ship"), PARCEL).status_code == 403
    assert not Shipment.objects.exists()


def test_while_wechat_names_no_carriers_their_names_can_be_typed(
    order: Order, finance: Any, simulated: Simulated
) -> None:
    simulated.sim("/faults", {"api": "/cgi-bin/express/delivery/open_msg/get_delivery_list", "errcode": -1})
    assert finance.get(page(order, "ship")).status_code == 200
