"""Transfers to users and complaints of payers (pay reference 7)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests
from Crypto.Cipher import PKCS1_OAEP
from Crypto.PublicKey import RSA

from simulator.pay import moments
from tests.simulator.pay.conftest import APPID, KEYS, MCHID, OPENID, NotifyServer, Shop, refused

BILLS = "/v3/fund-app/mch-transfer/transfer-bills"
COMPLAINTS = "/v3/merchant-service/complaints-v2"
ADDRESS = "/v3/merchant-service/complaint-notifications"
ORDER = "SO20260302100000001"


@pytest.fixture
def rich(shop: Shop) -> Shop:
    shop.setup(balance=100_000)
    return shop


def transfer(shop: Shop, number: str = "TB1", **differently: Any) -> requests.Response:
    body = {
        "appid": APPID,
        "out_bill_no": number,
        "transfer_scene_id": "1000",
        "openid": OPENID,
        "transfer_amount": 3_000,
        "transfer_remark": "新会员有礼",
        "transfer_scene_report_infos": [{"info_type": "活动名称", "info_content": "新会员有礼"}],
        **differently,
    }
    return shop.call("POST", BILLS, body)


def asked(shop: Shop, number: str = "TB1") -> Any:
    return shop.call("GET", f"{BILLS}/out-bill-no/{number}").json()


def test_a_transfer_waits_for_its_user_and_moves_money_then(rich: Shop, server: NotifyServer) -> None:
    made = transfer(rich, notify_url=rich.notify_url).json()
    assert (made["state"], bool(made["package_info"])) == ("WAIT_USER_CONFIRM", True)
    assert rich.ledger()["balance"] == 100_000
    rich.sim(f"/merchants/{MCHID}/transfers/TB1", {"outcome": "SUCCESS"})
    assert asked(rich)["state"] == "SUCCESS"
    assert rich.call("GET", f"{BILLS}/transfer-bill-no/{made['transfer_bill_no']}").json() == asked(rich)
    assert rich.ledger()["balance"] == 97_000
    came = server.came[-1]
    rich.verify(came.headers, came.body)
    assert came.envelope["event_type"] == "MCHTRANSFER.BILL.FINISHED"
    assert came.envelope["resource"]["original_type"] == "mch_payment"
    assert (came.plain["out_bill_no"], came.plain["state"]) == ("TB1", "SUCCESS")


def test_the_same_number_is_the_same_transfer(rich: Shop) -> None:
    first = transfer(rich).json()
    assert transfer(rich).json() == first
    assert refused(transfer(rich, transfer_amount=4_000)) == (400, "INVALID_REQUEST")
    assert len(rich.ledger()["transfers"]) == 1


def test_what_others_may_still_confirm_is_held(rich: Shop) -> None:
    assert transfer(rich, transfer_amount=99_000).status_code == 200
    assert refused(transfer(rich, "TB2")) == (403, "NOT_ENOUGH")


def test_a_transfer_is_cancelled_until_it_is_confirmed(rich: Shop) -> None:
    transfer(rich)
    cancelled = rich.call("POST", f"{BILLS}/out-bill-no/TB1/cancel")
    assert cancelled.json()["state"] == "CANCELING"
    rich.settle(5)
    assert asked(rich)["state"] == "CANCELLED"
    transfer(rich, "TB2")
    rich.sim(f"/merchants/{MCHID}/transfers/TB2", {})
    assert refused(rich.call("POST", f"{BILLS}/out-bill-no/TB2/cancel")) == (400, "INVALID_REQUEST")


def test_a_transfer_nobody_confirms_fails_after_a_day(rich: Shop) -> None:
    transfer(rich)
    rich.settle(86_401)
    assert (asked(rich)["state"], asked(rich)["fail_reason"]) == ("FAIL", "OVERDUE_CLOSE")
    assert rich.ledger()["balance"] == 100_000


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transfer_amount": 9}, "PARAM_ERROR"),
        ({"transfer_amount": 200_000}, "PARAM_ERROR"),
        ({"user_name": "plain"}, "PARAM_ERROR"),
        ({"appid": "wx0000000000000000"}, "APPID_MCHID_NOT_MATCH"),
        ({"transfer_scene_report_infos": []}, "PARAM_ERROR"),
    ],
)
def test_a_transfer_that_cannot_be_is_refused(rich: Shop, changes: Any, code: str) -> None:
    assert refused(transfer(rich, **changes)) == (400, code)


def test_an_unknown_transfer_is_not_found(rich: Shop) -> None:
    assert refused(rich.call("GET", f"{BILLS}/out-bill-no/TB9")) == (404, "NOT_FOUND")


def test_balances_are_told_now_and_of_a_day_that_is_over(rich: Shop) -> None:
    fund = "/v3/merchant/fund"
    transfer(rich)
    now = rich.call("GET", f"{fund}/balance/BASIC").json()
    assert now == {"available_amount": 97_000, "pending_amount": 3_000}
    assert rich.call("GET", f"{fund}/balance/FEES").json()["available_amount"] == 0
    assert refused(rich.call("GET", f"{fund}/balance/MINE")) == (400, "PARAM_ERROR")
    rich.sim(f"/merchants/{MCHID}/transfers/TB1", {})
    before = moments.day(rich.simulator.get("/clock")["now"] - 86_400)
    ended = rich.call("GET", f"{fund}/dayendbalance/BASIC?date={before}").json()
    assert ended["available_amount"] == 100_000
    today = moments.day(rich.simulator.get("/clock")["now"])
    assert refused(rich.call("GET", f"{fund}/dayendbalance/BASIC?date={today}"))[1] == "INVALID_REQUEST"


# --- complaints


@pytest.fixture
def complained(shop: Shop, server: NotifyServer) -> str:
    """The number of a complaint about a paid order; the shop is told of it."""
    assert shop.call("POST", ADDRESS, {"url": server.url}).json() == {"mchid": MCHID, "url": server.url}
    shop.order()
    shop.pay(openid=OPENID)
    given = {"out_trade_no": ORDER, "detail": "没有发货", "type": "REFUND", "phone": "13800138000"}
    return str(shop.sim(f"/merchants/{MCHID}/complaints", given)["id"])


def days(shop: Shop) -> str:
    now = shop.call("GET", COMPLAINTS + "?begin_date=2026-01-01&end_date=2026-01-02")
    assert now.json()["data"] == []
    day = shop.ledger()["payments"][0]["paid_at"]
    return f"begin_date={moments.day(day)}&end_date={moments.day(day)}"


def test_a_complaint_is_told_read_answered_and_ended(
    shop: Shop, server: NotifyServer, complained: str
) -> None:
    came = server.came[-1]
    shop.verify(came.headers, came.body)
    assert came.envelope["event_type"] == "COMPLAINT.CREATE"
    assert came.plain == {"complaint_id": complained, "action_type": "CREATE_COMPLAINT"}
    plain = shop.call("GET", f"{COMPLAINTS}/{complained}").json()
    assert (plain["complaint_state"], plain["complaint_detail"]) == ("PENDING", "没有发货")
    key = RSA.import_key(KEYS["merchant"]["private_key_pem"])
    assert PKCS1_OAEP.new(key).decrypt(base64.b64decode(plain["payer_phone"])) == b"13800138000"
    assert shop.call("GET", f"{COMPLAINTS}?{days(shop)}").json()["data"][0]["complaint_id"] == complained
    own = {"complainted_mchid": MCHID}
    at = f"{COMPLAINTS}/{complained}"
    assert refused(shop.call("POST", f"{at}/complete", own)) == (400, "INVALID_REQUEST")
    assert shop.call("POST", f"{at}/response", {**own, "response_content": "今天发"}).status_code == 204
    approve = {"action": "APPROVE", "launch_refund_day": 1}
    assert shop.call("POST", f"{at}/update-refund-progress", approve).status_code == 204
    assert shop.call("POST", f"{at}/complete", own).status_code == 204
    assert refused(shop.call("POST", f"{at}/complete", own)) == (400, "INVALID_REQUEST")
    history = shop.call("GET", f"{at}/negotiation-historys").json()["data"]
    assert [each["operate_type"] for each in history] == [
        "MERCHANT_CONFIRM_COMPLETE",
        "MERCHANT_APPROVE_REFUND",
        "MERCHANT_RESPONSE",
        "USER_CREATE_COMPLAINT",
    ]
    shop.settle()
    # Each is sent by a task of its own, so they may arrive in any order.
    assert sorted(notification.plain.get("action_type", "") for notification in server.came)[-4:] == [
        "CREATE_COMPLAINT",
        "MERCHANT_APPROVE_REFUND",
        "MERCHANT_CONFIRM_COMPLETE",
        "MERCHANT_RESPONSE",
    ]


def test_a_payer_who_says_more_opens_a_complaint_again(shop: Shop, complained: str) -> None:
    own, at = {"complainted_mchid": MCHID}, f"{COMPLAINTS}/{complained}"
    shop.call("POST", f"{at}/response", {**own, "response_content": "今天发"})
    shop.call("POST", f"{at}/complete", own)
    shop.sim(f"/merchants/{MCHID}/complaints", {"complaint_id": complained, "detail": "还是没有"})
    plain = shop.call("GET", at).json()
    assert (plain["complaint_state"], plain["incoming_user_response"]) == ("PENDING", True)


def test_the_address_of_complaints_is_set_once_changed_and_dropped(shop: Shop) -> None:
    assert refused(shop.call("GET", ADDRESS)) == (404, "RESOURCE_NOT_EXISTS")
    body = {"url": "https://shop.example.com/complaints"}
    assert shop.call("POST", ADDRESS, body).status_code == 200
    assert refused(shop.call("POST", ADDRESS, body)) == (400, "INVALID_REQUEST")
    assert shop.call("PUT", ADDRESS, {"url": "https://shop.example.com/c"}).status_code == 200
    assert shop.call("GET", ADDRESS).json()["url"] == "https://shop.example.com/c"
    assert shop.call("DELETE", ADDRESS).status_code == 204
    assert refused(shop.call("DELETE", ADDRESS)) == (404, "RESOURCE_NOT_EXISTS")


@pytest.mark.parametrize(
    "query",
    [
        "limit=1",
        "begin_date=2026-01-01",
        "begin_date=2026-01-01&end_date=2026-01-31",
        "begin_date=x&end_date=x",
        f"begin_date=2026-01-01&end_date=2026-01-02&limit={'9' * 5_000}",
    ],
)
def test_complaints_are_asked_for_by_thirty_days_at_most(shop: Shop, query: str) -> None:
    assert refused(shop.call("GET", f"{COMPLAINTS}?{query}")) == (400, "PARAM_ERROR")


def test_a_complaint_survives_saving(shop: Shop, complained: str) -> None:
    state = shop.simulator.get("/state")
    shop.sim("/reset", {})
    shop.simulator.sim("/state", state, method="PUT")
    assert json.dumps(shop.simulator.get("/state")) == json.dumps(state)
