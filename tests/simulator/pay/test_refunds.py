"""Tests of refunds: their limits, their money and their final states."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from Crypto.Cipher import PKCS1_OAEP
from Crypto.PublicKey import RSA

from tests.simulator.pay.conftest import MCHID, OPENID, REFUNDS, NotifyServer, Shop, refused

NUMBER = "SO20260302100000001"
REFUND = "RF20260302100000001"


@pytest.fixture
def paid(shop: Shop, server: NotifyServer) -> Shop:
    shop.order()
    shop.pay(openid=OPENID)
    return shop


def balance(shop: Shop) -> int:
    return int(shop.ledger()["balance"])


def asked(shop: Shop, number: str = REFUND) -> Any:
    return shop.call("GET", f"{REFUNDS}/{number}").json()


def test_a_refund_is_accepted_then_done_and_told(paid: Shop, server: NotifyServer) -> None:
    answer = paid.refund()
    assert (answer.status_code, answer.json()["status"]) == (200, "PROCESSING")
    paid.verify(answer.headers, answer.content)
    paid.settle(2)
    done = asked(paid)
    assert done["status"] == "SUCCESS"
    assert len(done["refund_id"]) == 29
    assert done["amount"]["payer_refund"] == 3000
    plain = server.came[-1].plain
    assert server.came[-1].envelope["event_type"] == "REFUND.SUCCESS"
    assert server.came[-1].envelope["resource"]["original_type"] == "refund"
    assert plain["refund_status"] == "SUCCESS"
    assert plain["success_time"] == done["success_time"]
    assert plain["amount"] == {"total": 10000, "refund": 3000, "payer_total": 10000, "payer_refund": 3000}
    assert not plain.keys() & {"status", "appid", "channel"}


def test_a_partly_refunded_order_is_a_refund_to_a_query(paid: Shop) -> None:
    paid.refund(fen=1)
    plain = paid.query().json()
    assert (plain["trade_state"], plain["trade_state_desc"]) == (
        "REFUND",
        "订单发生过退款，退款详情请查询退款单",
    )


def test_the_same_number_is_the_same_refund(paid: Shop) -> None:
    first, again = paid.refund().json(), paid.refund().json()
    assert first["refund_id"] == again["refund_id"]
    assert paid.ledger()["refunded"] == 3000
    assert refused(paid.refund(fen=3001)) == (400, "INVALID_REQUEST")


def test_refunds_never_exceed_the_payment(paid: Shop) -> None:
    assert paid.refund("RF-1", 6000).ok
    assert refused(paid.refund("RF-2", 4001)) == (400, "INVALID_REQUEST")
    assert paid.refund("RF-3", 4000).ok
    assert refused(paid.refund("RF-4", 1)) == (400, "INVALID_REQUEST")
    assert paid.ledger()["refunded"] == 10000
    assert balance(paid) == 0


def test_a_closed_refund_gives_the_money_back_to_the_merchant(paid: Shop, server: NotifyServer) -> None:
    before = balance(paid)
    paid.sim("/pay/faults", {"at": "refund", "ends": "CLOSED", "times": 1})
    paid.refund(fen=10000)
    paid.settle(2)
    assert asked(paid)["status"] == "CLOSED"
    assert "success_time" not in server.came[-1].plain
    assert balance(paid) == before
    assert paid.ledger()["refunded"] == 0
    assert paid.refund("RF-again", 10000).ok


def test_an_abnormal_refund_is_paid_to_a_card(paid: Shop, server: NotifyServer) -> None:
    paid.sim("/pay/faults", {"at": "refund", "ends": "ABNORMAL", "times": 1})
    refund_id = paid.refund().json()["refund_id"]
    target = f"{REFUNDS}/{refund_id}/apply-abnormal-refund"
    body: dict[str, Any] = {"out_refund_no": REFUND, "type": "USER_BANK_CARD", "bank_type": "CMB_DEBIT"}
    body |= {"bank_account": sealed(paid, "6225880137000000"), "real_name": sealed(paid, "张三")}
    assert refused(paid.call("POST", target, body)) == (400, "INVALID_REQUEST")
    paid.settle(2)
    assert server.came[-1].envelope["event_type"] == "REFUND.ABNORMAL"
    assert refused(paid.call("POST", target, {**body, "real_name": "张三"})) == (400, "PARAM_ERROR")
    assert (
        refused(paid.call("POST", target, body, headers={"Wechatpay-Serial": "PUB_KEY_ID_1"}))[1]
        == "PARAM_ERROR"
    )
    assert paid.call("POST", target, body).json()["status"] == "PROCESSING"
    paid.settle(2)
    assert asked(paid)["status"] == "SUCCESS"
    assert server.came[-1].envelope["event_type"] == "REFUND.SUCCESS"


def sealed(shop: Shop, text: str) -> str:
    public = RSA.import_key(shop.described["platform"]["public_key"])
    return base64.b64encode(PKCS1_OAEP.new(public).encrypt(text.encode())).decode()


def test_the_money_returns_to_who_paid(paid: Shop) -> None:
    paid.refund(fen=10000)
    paid.settle(2)
    assert paid.simulator.get("/wallets")["wallets"][OPENID] == 1_000_000


def test_a_coupon_shares_the_refund(shop: Shop, server: NotifyServer) -> None:
    shop.order()
    shop.pay(openid=OPENID, coupon=1000)
    parts = [
        shop.refund(f"RF-{count}", amount).json()["amount"] for count, amount in enumerate((3333, 3333, 3334))
    ]
    assert [each["payer_refund"] for each in parts] == [3000, 2999, 3001]
    assert [each["discount_refund"] for each in parts] == [333, 334, 333]
    assert balance(shop) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"amount": {"refund": 0, "total": 10000, "currency": "CNY"}}, (400, "PARAM_ERROR")),
        ({"amount": {"refund": 1, "total": 9999, "currency": "CNY"}}, (400, "INVALID_REQUEST")),
        ({"amount": {"refund": 1, "total": 10000}}, (400, "PARAM_ERROR")),
        ({"out_trade_no": "SO-nobody-knows"}, (404, "RESOURCE_NOT_EXISTS")),
        ({"transaction_id": "4200"}, (404, "RESOURCE_NOT_EXISTS")),
        ({"mchid": MCHID}, (400, "PARAM_ERROR")),
    ],
    ids=["zero", "total", "currency", "order", "transaction", "unknown field"],
)
def test_a_refund_that_does_not_fit_is_refused(paid: Shop, change: Any, code: Any) -> None:
    answer = paid.refund(**change)
    assert refused(answer) == code, answer.text
    assert paid.ledger()["refunds"] == []


def test_an_unpaid_order_and_an_old_one_cannot_be_refunded(shop: Shop) -> None:
    shop.order()
    assert refused(shop.refund()) == (400, "INVALID_REQUEST")
    shop.pay(openid=OPENID)
    shop.sim("/clock", {"advance": 365 * 86_400})
    assert refused(shop.refund()) == (400, "INVALID_REQUEST")


def test_a_merchant_without_money_tops_up_and_repeats(paid: Shop) -> None:
    paid.setup(balance=0)
    assert refused(paid.refund()) == (403, "NOT_ENOUGH")
    paid.setup(balance=3000)
    assert paid.refund().ok


def test_an_order_is_refunded_fifty_times_at_most(paid: Shop) -> None:
    assert all(paid.refund(f"RF-{count}", 1).ok for count in range(50))
    assert refused(paid.refund("RF-50", 1)) == (400, "INVALID_REQUEST")


def test_six_failures_a_second_block_the_next(paid: Shop) -> None:
    codes = [refused(paid.refund("RF-x", 20000))[0] for _ in range(12)]
    assert 429 in codes
    paid.sim("/clock", {"advance": 2})
    assert paid.refund().ok


def test_an_unknown_refund_is_404(paid: Shop) -> None:
    assert refused(paid.call("GET", f"{REFUNDS}/RF-unknown")) == (404, "RESOURCE_NOT_EXISTS")


def test_a_refund_without_an_address_is_told_in_xml_where_the_platform_was_told(
    paid: Shop, server: NotifyServer
) -> None:
    paid.setup(refund_notify_url=server.url)
    body = paid.refund_body(REFUND, 3000)
    del body["notify_url"]
    paid.call("POST", REFUNDS, body)
    paid.settle(2)
    assert server.came[-1].body.startswith(b"<xml><return_code><![CDATA[SUCCESS]]></return_code>")
    assert b"<req_info>" in server.came[-1].body


def test_a_refund_made_by_hand_is_in_the_ledger(paid: Shop) -> None:
    paid.sim(f"/merchants/{MCHID}/refunds", {"out_trade_no": NUMBER, "amount": 500})
    assert paid.ledger()["refunded"] == 500
    assert paid.query().json()["trade_state"] == "REFUND"


@pytest.mark.parametrize("fen", [-500, 0, 10_001])
def test_a_refund_made_by_hand_that_cannot_be_is_refused_in_a_sentence(paid: Shop, fen: int) -> None:
    url = f"{paid.simulator.base}/_sim/merchants/{MCHID}/refunds"
    answer = paid.simulator.session.post(url, json={"out_trade_no": NUMBER, "amount": fen}, timeout=30)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
    assert paid.ledger()["refunded"] == 0
