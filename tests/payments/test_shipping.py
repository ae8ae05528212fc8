"""A mini program's orders: WeChat holds their money until it is told that they were shipped."""

import datetime
import uuid
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from accounts.official.models import OfficialAccount
from accounts.operations import failures
from accounts.staff.models import StaffRight
from accounts.staff.rights import Rights
from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order, Shipment, Step
from tests.cast import member, signed_in
from tests.payments.world import usual_order
from tests.signed import Signed, business_system
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.kernel.models import Hold

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
    simulated.create_account(account)
    appids = [account.appid, *simulated_merchant.accounts.values_list("appid", flat=True)]
    simulated.sim("/merchants", {"mchid": simulated_merchant.mchid, "appids": appids})
    simulated_merchant.accounts.add(account)
    return account


@pytest.fixture
def order(mini: OfficialAccount, simulated_merchant: Merchant, simulated: Simulated) -> Order:
    """An order that was paid in the mini program."""
    made = ordering.place(ordering.create(wanted(mini, simulated_merchant)))
    simulated.pay(made.prepay, OPENID)
    made.refresh_from_db()
    assert made.is_paid
    return made


def wanted(account: OfficialAccount, merchant: Merchant) -> ordering.OrderRequest:
    return usual_order(account=account, merchant=merchant, description="手工皂礼盒", openid=OPENID)


@pytest.fixture
def finance(mini: OfficialAccount) -> Any:
    return signed_in(member("finance", mini, StaffRight.Role.FINANCE))


def page(order: Order, name: str) -> str:
    return f"/admin/orders/order/{order.pk}/{name}/"


def uploaded(simulated: Simulated, order: Order) -> list[dict[str, Any]]:
    """Returns what the platform knows of the order's shipping."""
    accounts = simulated.get("/state")["accounts"]
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
    assert Shipment.objects.get().state == State.UPLOADED


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
    assert Shipment.objects.get().state == State.UPLOADED


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


def test_a_refusal_waits_for_finance_and_may_be_told_again(
    order: Order, finance: Any, simulated: Simulated
) -> None:
    simulated.sim("/faults", {"api": UPLOAD, "errcode": 10060025, "times": 1})
    ship(finance, order)
    work.run("orders.upload_shipping")
    (waits,) = finance.get("/admin/todo/counts/").json()["kinds"]
    assert (waits["key"], waits["number"]) == (f"{order.account_id}:orders.shipments", 1)
    (group,) = failures.groups(order.account, Rights.of(User.objects.get(username="finance")))
    desk = f"{reverse('operations_failures_of', args=['shipments'])}?cause={group.key}"
    html = finance.get(desk).content.decode()
    assert page(order, "change") in html
    finance.post(desk, {"row": Shipment.objects.get().pk})
    work.run("orders.upload_shipping")
    assert len(uploaded(simulated, order)) == 1
    assert finance.get("/admin/todo/counts/").json()["kinds"] == []


def test_telling_on_hold_is_said_above_the_orders(order: Order, finance: Any) -> None:
    now = timezone.now()
    hold = {"work": "orders.upload_shipping", "subject": order.account_id, "since": now}
    Hold.objects.create(cause="account", errcode=48001, until=now + datetime.timedelta(hours=2), **hold)
    assert "微信认证" in finance.get("/admin/orders/order/").content.decode()


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


def warehouse(account: OfficialAccount, *scopes: str) -> Signed:
    return business_system(account, scopes=list(scopes or ("orders:ship", "orders:read")))


def parcel(number: str, company: str = "YTO", **more: str) -> dict[str, str]:
    return {"company": company, "number": number, **more}


def says(system: Signed, order: Order, **fields: Any) -> Any:
    body = {"how": "express", "parcels": [parcel("A1")], **fields}
    return system.post(f"/api/v1/orders/{order.out_trade_no}/shipping", body, key=uuid.uuid4().hex)


def test_several_parcels_are_told_as_such(order: Order, finance: Any, simulated: Simulated) -> None:
    ship(finance, order, others="ZTO A2\n\n YTO　A3 ")
    work.run("orders.upload_shipping")
    (known,) = uploaded(simulated, order)
    assert (known["delivery_mode"], known["is_all_delivered"]) == (2, True)
    numbers = [(each["express_company"], each["tracking_no"]) for each in known["shipping_list"]]
    assert numbers == [("YTO", "YT3750696145732"), ("ZTO", "A2"), ("YTO", "A3")]
    assert "ZTO A2" in finance.get(page(order, "ship")).content.decode()


@pytest.mark.parametrize(
    ("others", "sentence"),
    [
        ("ZTO", "“ZTO”不是快递公司和运单号"),
        ("YTO YT3750696145732", "有包裹重复"),
        ("\n".join(f"ZTO {number}" for number in range(15)), "微信最多接收 15 个包裹"),
        ("SF A2", "顺丰要求填写收件人电话。"),
    ],
)
def test_what_are_no_parcels_is_said(order: Order, finance: Any, others: str, sentence: str) -> None:
    assert sentence in ship(finance, order, others=others).content.decode()
    assert not Shipment.objects.exists()


def test_parcels_that_follow_are_told_until_all_are_on_their_way(
    order: Order, mini: OfficialAccount, simulated: Simulated
) -> None:
    system = warehouse(mini)
    parcels = [parcel("A1"), parcel("A2"), parcel("A3")]
    for count, more in ((1, True), (2, True), (3, False)):
        answer = says(system, order, parcels=parcels[:count], more_to_come=more)
        assert (answer.status_code, answer.json()["state"]) == (201, "waiting")
        work.run("orders.upload_shipping")
    known = [(each["is_all_delivered"], len(each["shipping_list"])) for each in uploaded(simulated, order)]
    assert known == [(False, 1), (False, 2), (True, 3)]
    shown = system.get(f"/api/v1/orders/{order.out_trade_no}/shipping").json()
    assert (shown["how"], shown["state"], shown["more_to_come"]) == ("express", "uploaded", False)
    assert [each["number"] for each in shown["parcels"]] == ["A1", "A2", "A3"]
    # One correction of the whole is left.
    assert says(system, order, how="pickup", parcels=[]).status_code == 201
    work.run("orders.upload_shipping")
    assert says(system, order).json()["error"]["code"] == "not_to_be_shipped"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"parcels": []}, "parcels"),
        ({"parcels": None}, "parcels"),
        ({"parcels": {"company": "YTO"}}, "parcels"),
        ({"parcels": [parcel("")]}, "parcels"),
        ({"parcels": [parcel("A1"), parcel("A1")]}, "parcels"),
        ({"parcels": [parcel(str(number)) for number in range(16)]}, "parcels"),
        ({"parcels": [parcel("A1", "SF")]}, "parcels"),
        ({"how": "virtual"}, "parcels"),
        ({"how": "pickup", "parcels": [], "more_to_come": True}, "parcels"),
        ({"how": 1}, "how"),
        ({"how": ["express"]}, "how"),
        ({"more_to_come": "perhaps"}, "more_to_come"),
    ],
)
def test_a_business_system_is_told_what_is_wrong(
    order: Order, mini: OfficialAccount, wrong: dict[str, Any], field: str
) -> None:
    answer = says(warehouse(mini), order, **wrong)
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [field])
    assert not Shipment.objects.exists()


def test_a_telephone_number_is_not_kept_for_a_business_system_either(
    order: Order, mini: OfficialAccount, simulated: Simulated
) -> None:
    answer = says(warehouse(mini), order, parcels=[parcel("A1", "SF", contact="13800138000")])
    assert answer.json()["parcels"][0]["contact"] == "138****8000"
    work.run("orders.upload_shipping")
    assert uploaded(simulated, order)[0]["shipping_list"][0]["contact"] == {"receiver_contact": "138****8000"}


def test_only_who_has_the_scope_and_the_account_says_how_orders_were_shipped(
    order: Order, mini: OfficialAccount, account: OfficialAccount
) -> None:
    assert says(warehouse(mini, "orders:write"), order).status_code == 403
    assert says(warehouse(account), order).status_code == 404
    assert warehouse(mini).get(f"/api/v1/orders/{order.out_trade_no}/shipping").status_code == 404
    assert not Shipment.objects.exists()
