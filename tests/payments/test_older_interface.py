"""A merchant that has not moved to API v3: everything it does goes over the older interface."""

from collections.abc import Callable, Iterator

import pytest
import requests
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.official.doctor import Level
from accounts.official.models import OfficialAccount
from payments.bills.models import Discrepancy
from payments.merchants.models import Merchant
from payments.notifications.models import Notification
from payments.orders import checkup, ordering, polling
from payments.orders.models import Order, Refund
from payments.orders.ordering import OrderRefused, OrderRequest
from payments.orders.refunds import refunding
from payments.orders.states import OrderState, RefundState
from tests.sdk.pay.vectors import KEYS
from tests.simulated import Simulated
from wechat.kernel import work
from wechat.sdk.pay import v2
from wechat.sdk.transport import shared_session

pytestmark = pytest.mark.django_db(transaction=True)

MCHID, V2_KEY = "1900000109", "v" * 32
PROTOCOLS = [Merchant.Protocol.MD5, Merchant.Protocol.HMAC]


@pytest.fixture(params=PROTOCOLS)
def old(
    request: pytest.FixtureRequest,
    simulated: Simulated,
    live_server: LiveServer,
    account: OfficialAccount,
    settings: Settings,
) -> Iterator[Merchant]:
    settings.WECHAT_PAY_API_BASE = simulated.base
    settings.PUBLIC_URL = live_server.url
    simulated.create_account(account)
    merchant_data = simulated.create_merchant(MCHID, account.appid, v2_key=V2_KEY, apiv3_key="k" * 32)
    merchant = Merchant.objects.create(
        slug="old",
        name="老商户",
        mchid=MCHID,
        serial_no=merchant_data["serial_no"],
        private_key=merchant_data["private_key"],
        protocol=request.param,
        api_v2_key=V2_KEY,
    )
    merchant.accounts.add(account)
    yield merchant
    shared_session.cache_clear()


@pytest.fixture
def order(old: Merchant) -> Callable[..., Order]:
    def ordered(key: str = "k1", way: Order.Way = Order.Way.JSAPI) -> Order:
        wanted = OrderRequest(
            account=old.accounts.get(),
            merchant=old,
            source="test",
            key=key,
            way=way,
            total=10000,
            description="会员年卡",
            openid="oPayer",
            client_ip="203.0.113.9" if way == Order.Way.H5 else None,
        )
        return ordering.place(ordering.create(wanted))

    return ordered


def test_an_order_is_placed_paid_and_heard_of(simulated: Simulated, order: Callable[..., Order]) -> None:
    placed = order()
    assert placed.prepay.startswith("wx")
    simulated.pay(placed.prepay, "oPayer")
    placed.refresh_from_db()
    assert (placed.state, placed.payer_openid, placed.payer_total) == (OrderState.PAID, "oPayer", 10000)
    notification = Notification.objects.get()
    assert (notification.order, notification.state) == (placed, Notification.State.APPLIED)
    assert notification.raw.startswith("<xml>")


def test_an_attachment_is_a_byte_shorter_than_with_the_newer_interface(old: Merchant) -> None:
    account = old.accounts.get()

    def made(attach: str) -> Order:
        return ordering.create(
            OrderRequest(
                account=account, merchant=old, source="test", key=attach, way=Order.Way.NATIVE, total=1,
                description="茶", attach=attach,
            )
        )  # fmt: skip

    with pytest.raises(OrderRefused, match="attach"):
        made("a" * 128)
    assert len(ordering.place(made("a" * 127)).attach) == 127
    Merchant.objects.update(protocol=Merchant.Protocol.V3)
    old.refresh_from_db()
    assert len(made("a" * 128).attach) == 128


@pytest.mark.parametrize(
    ("way", "begins"), [(Order.Way.NATIVE, "weixin://"), (Order.Way.H5, "http")], ids=str
)
def test_the_other_ways_are_placed_too(order: Callable[..., Order], way: Order.Way, begins: str) -> None:
    assert order(way=way).prepay.startswith(begins)


def test_a_page_gets_what_the_old_bridge_wants(order: Callable[..., Order]) -> None:
    given = ordering.bridge(order())
    assert given["signType"] in v2.SIGN_TYPES
    assert given["paySign"] == v2.sign(
        {name: value for name, value in given.items() if name != "paySign"}, V2_KEY, given["signType"]
    )


def test_a_notification_that_never_came_is_made_up_for_by_asking(
    simulated: Simulated, order: Callable[..., Order]
) -> None:
    placed = order()
    simulated.sim("/pay/faults", {"mchid": MCHID, "at": "notification", "lose": True, "times": 1})
    simulated.pay(placed.prepay, "oPayer")
    polling.poll([placed])
    placed.refresh_from_db()
    assert placed.state == OrderState.PAID


def test_an_order_that_nobody_has_paid_is_asked_about_without_a_word_on_its_amount(
    order: Callable[..., Order],
) -> None:
    placed = order()
    polling.poll([placed])
    placed.refresh_from_db()
    assert placed.state == OrderState.PAYING
    assert not placed.discrepancies.exists()


def test_an_order_is_closed(order: Callable[..., Order]) -> None:
    placed = order()
    assert polling.start_closing(placed, by="test")
    polling.poll([placed])
    placed.refresh_from_db()
    assert placed.state == OrderState.CLOSED


def test_a_refund_is_called_for_and_its_notification_makes_us_ask(
    simulated: Simulated, order: Callable[..., Order]
) -> None:
    placed = order()
    simulated.pay(placed.prepay, "oPayer")
    refunding.request(placed, 3000, source="test", key="r1")
    work.run("orders.refund")
    refund = Refund.objects.get()
    assert refund.state == RefundState.PROCESSING
    simulated.sim(f"/merchants/{MCHID}/refunds/{refund.out_refund_no}", {"status": "SUCCESS"})
    simulated.settle()
    assert Notification.objects.filter(event_type="REFUND.SUCCESS", state=Notification.State.APPLIED).exists()
    refund.refresh_from_db()
    assert refund.state == RefundState.PROCESSING
    work.run("orders.refund")
    refund.refresh_from_db()
    assert refund.state == RefundState.SUCCESS
    assert Order.objects.get().state == OrderState.PARTLY_REFUNDED


def test_a_refund_that_was_done_and_whose_answer_is_lost_is_paid_back_once(
    simulated: Simulated, order: Callable[..., Order]
) -> None:
    placed = order()
    simulated.pay(placed.prepay, "oPayer")
    lost = {"at": "/secapi/pay/refund", "mchid": MCHID, "lose_answer": True, "times": 1}
    simulated.sim("/pay/faults", lost)
    refunding.request(placed, 3000, source="test", key="r1")
    work.run("orders.refund")
    assert [each["amount"] for each in simulated.merchant_ledger(MCHID)["refunds"]] == [3000]
    assert Refund.objects.get().state == RefundState.PENDING
    Refund.objects.update(due_at=timezone.now())
    work.run("orders.refund")
    refund = Refund.objects.get()
    assert refund.state == RefundState.PROCESSING
    assert [each["out_refund_no"] for each in simulated.merchant_ledger(MCHID)["refunds"]] == [
        refund.out_refund_no
    ]


def test_an_order_goes_on_as_it_began_after_the_merchant_has_moved(
    simulated: Simulated, order: Callable[..., Order], old: Merchant
) -> None:
    placed = order()
    old.protocol, old.api_v3_key = Merchant.Protocol.V3, "k" * 32
    old.save()
    assert ordering.bridge(placed)["signType"] in v2.SIGN_TYPES
    simulated.pay(placed.prepay, "oPayer")
    placed.refresh_from_db()
    assert placed.state == OrderState.PAID


def test_the_doctor_asks_by_the_older_interface(old: Merchant) -> None:
    levels = [finding.level for finding in checkup.merchants(old.accounts.get())]
    assert levels[0] == Level.FINE
    old.api_v2_key = "x" * 32
    old.save()
    found = next(iter(checkup.merchants(old.accounts.get())))
    assert (found.level, "签名错误" in str(found.sentence)) == (Level.FAULT, True)


def test_a_wrong_key_is_a_refusal_with_a_reason(order: Callable[..., Order], old: Merchant) -> None:
    old.api_v2_key = "x" * 32
    old.save()
    with pytest.raises(OrderRefused) as refused:
        order()
    assert (refused.value.code, str(refused.value.sentence)) == ("SIGN_ERROR", "签名错误")


def test_a_notification_that_is_not_signed_is_refused_and_changes_nothing(
    order: Callable[..., Order], old: Merchant
) -> None:
    placed = order()
    fields = {"return_code": "SUCCESS", "result_code": "SUCCESS", "out_trade_no": placed.out_trade_no}
    forged = v2.to_xml({**fields, "transaction_id": "4200", "total_fee": "10000", "sign": "0" * 32})
    entity = b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><xml><a>&e;</a></xml>"
    for body in (forged, entity, b"<xml><req_info>AAAA</req_info></xml>", b"<xml", b"<xml></xml>"):
        answer = requests.post(old.notify_url("transaction"), body, timeout=60)
        assert answer.status_code == 401
        assert b"FAIL" in answer.content
    placed.refresh_from_db()
    assert placed.state == OrderState.PAYING
    assert not Notification.objects.exists()


def test_a_genuine_notification_that_makes_no_sense_is_kept_for_a_person(old: Merchant) -> None:
    fields = {"return_code": "SUCCESS", "result_code": "FAIL", "err_code": "SYSTEMERROR"}
    body = v2.to_xml({**fields, "sign": v2.sign(fields, V2_KEY)})
    answer = requests.post(old.notify_url("transaction"), body, timeout=60)
    assert (answer.status_code, answer.content) == (200, v2.ACCEPTED)
    assert Notification.objects.get().state == Notification.State.ASIDE
    assert Discrepancy.objects.get().kind == "unreadable"


@pytest.mark.parametrize(
    ("differently", "sentence"),
    [
        ({}, ""),
        ({"certificate": "none"}, "apiclient_cert.pem"),
        ({"serial_no": "A" * 40}, "serial number"),
        ({"private_key": KEYS["platform_certificates"][0]["private_key_pem"]}, "does not belong"),
        ({"api_v2_key": "short"}, "32 characters"),
    ],
    ids=["right", "no certificate", "another serial", "another key", "short key"],
)
def test_the_keys_of_an_old_merchant_belong_together(differently: dict[str, str], sentence: str) -> None:
    fields = {
        "slug": "old",
        "name": "old",
        "mchid": MCHID,
        "protocol": Merchant.Protocol.MD5,
        "serial_no": KEYS["merchant"]["serial_no"],
        "private_key": KEYS["merchant"]["private_key_pem"],
        "certificate": KEYS["merchant"]["certificate_pem"],
        "api_v2_key": KEYS["apiv2_key"],
    }
    merchant = Merchant(**{**fields, **differently})
    if not sentence:
        merchant.full_clean()
        return
    with translation.override("en"), pytest.raises(ValidationError, match=sentence):
        merchant.full_clean()
