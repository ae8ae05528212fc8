"""Tests of payments by payment code, and of their reversal."""

from __future__ import annotations

import csv
from typing import Any

import pytest
import requests

from simulator.client import SimulatorClient
from simulator.pay import moments
from simulator.world import openid_of
from tests.simulator.pay.conftest import APPID, MCHID, OPENID, ORDERS, NotifyServer, Shop, refused

NUMBER = "SO20260302100000001"
PERSON = "rain-1"


def code(shop: Shop, **differently: Any) -> str:
    return str(shop.sim("/payment-codes", {"openid": OPENID, **differently})["auth_code"])


def charge(shop: Shop, auth_code: str, number: str = NUMBER, **differently: Any) -> requests.Response:
    body = {
        "appid": APPID,
        "mchid": MCHID,
        "description": "咖啡",
        "out_trade_no": number,
        "payer": {"auth_code": auth_code},
        "amount": {"total": 1_800},
        "scene_info": {"store_info": {"out_id": "1"}},
        **differently,
    }
    return shop.call("POST", f"{ORDERS}/codepay", body)


def reverse(shop: Shop, number: str = NUMBER, **differently: Any) -> requests.Response:
    body = {"appid": APPID, "mchid": MCHID, **differently}
    return shop.call("POST", f"{ORDERS}/out-trade-no/{number}/reverse", body)


def phone(shop: Shop, what: str, **given: Any) -> requests.Response:
    url = f"{shop.simulator.base}/phone/pay/{what}"
    return shop.simulator.session.post(url, json={"person": PERSON, **given}, timeout=30)


def test_a_code_pays_at_once_and_nobody_is_notified(shop: Shop, server: NotifyServer) -> None:
    answer = charge(shop, code(shop))
    assert answer.status_code == 200
    shop.verify(answer.headers, answer.content)
    plain = answer.json()
    assert (plain["trade_state"], plain["trade_type"]) == ("SUCCESS", "MICROPAY")
    assert plain["payer"] == {"openid": OPENID}
    assert shop.query().json() == plain
    shop.settle()
    assert server.came == []
    assert shop.ledger()["balance"] == 1_789


def test_a_code_pays_once_and_within_a_minute(shop: Shop) -> None:
    used = code(shop)
    assert charge(shop, used).status_code == 200
    assert refused(charge(shop, used, "SO-2-000")) == (400, "AUTH_CODE_EXPIRE")
    old = code(shop)
    shop.settle(60)
    assert refused(charge(shop, old, "SO-2-000")) == (400, "AUTH_CODE_EXPIRE")
    for strange in ("1", "9" * 18, "13" + "x" * 16):
        assert refused(charge(shop, strange, "SO-2-000")) == (400, "AUTH_CODE_INVALID")
    assert refused(shop.query("SO-2-000")) == (404, "ORDER_NOT_EXIST")


def test_a_payment_waits_for_the_password_of_its_person(shop: Shop) -> None:
    auth_code = code(shop, person=PERSON, openid="", password=True)
    answer = charge(shop, auth_code)
    assert (answer.status_code, answer.json()["code"]) == (202, "USERPAYING")
    shop.verify(answer.headers, answer.content)
    assert shop.query().json()["trade_state"] == "USERPAYING"
    assert charge(shop, auth_code).status_code == 202
    shown = phone(shop, "waiting").json()
    assert (shown["total"], shown["description"]) == (1_800, "咖啡")
    assert phone(shop, "waiting", person="sun-2").json() == {}
    assert phone(shop, "do", prepay=shown["prepay"], password="123456").status_code == 200
    paid = shop.query().json()
    assert (paid["trade_state"], paid["payer"]) == ("SUCCESS", {"openid": openid_of(APPID, PERSON)})
    assert phone(shop, "waiting").json() == {}


def test_above_a_thousand_yuan_the_password_is_always_asked_for(shop: Shop) -> None:
    assert charge(shop, code(shop), amount={"total": 100_001}).status_code == 202
    assert charge(shop, code(shop), "SO-2-000", amount={"total": 100_000}).status_code == 200


def test_who_enters_no_password_has_not_paid(shop: Shop) -> None:
    auth_code = code(shop, person=PERSON, openid="", password=True)
    charge(shop, auth_code)
    shown = phone(shop, "waiting").json()
    assert phone(shop, "refuse", prepay=shown["prepay"], person="sun-2").status_code == 400
    assert phone(shop, "refuse", prepay=shown["prepay"]).status_code == 200
    assert shop.query().json()["trade_state"] == "PAYERROR"
    assert refused(charge(shop, auth_code)) == (400, "ORDER_CLOSED")
    charge(shop, code(shop, password=True), "SO-2-000")
    shop.settle(45)
    assert shop.query("SO-2-000").json()["trade_state"] == "PAYERROR"


def test_the_phone_shows_codes_of_its_person(shop: Shop) -> None:
    shown = phone(shop, "code").json()
    assert shown["seconds"] == 60
    assert "<svg" in shown["barcode"]
    assert "<svg" in shown["qrcode"]
    assert charge(shop, shown["auth_code"]).json()["payer"] == {"openid": openid_of(APPID, PERSON)}


def test_an_order_that_is_not_paid_is_reversed(shop: Shop) -> None:
    auth_code = code(shop, password=True)
    charge(shop, auth_code)
    done = reverse(shop)
    assert done.json() == {"appid": APPID, "mchid": MCHID, "out_trade_no": NUMBER}
    assert shop.query().json()["trade_state"] == "REVOKED"
    assert refused(charge(shop, auth_code)) == (400, "ORDER_REVERSED")
    assert reverse(shop).status_code == 200


def test_a_payment_is_paid_back_by_reversing_it(shop: Shop) -> None:
    charge(shop, code(shop))
    assert reverse(shop).status_code == 200
    assert shop.query().json()["trade_state"] == "REVOKED"
    assert reverse(shop).status_code == 200
    shop.settle(2)
    ledger = shop.ledger()
    assert (ledger["balance"], ledger["refunded"], len(ledger["refunds"])) == (0, 1_800, 1)
    assert shop.simulator.get("/wallets")["wallets"][OPENID] == 1_000_000
    assert refused(shop.refund(amount={"refund": 1, "total": 1_800, "currency": "CNY"}))[0] == 400
    day = moments.day(shop.simulator.get("/clock")["now"])
    shop.settle(2 * 86_400)
    link = shop.call("GET", f"/v3/bill/tradebill?bill_date={day}").json()["download_url"]
    lines = shop.call("GET", link.removeprefix(shop.simulator.base)).content.decode().splitlines()[1:-2]
    assert sorted(each[9] for each in csv.reader(lines)) == ["`REVOKED", "`SUCCESS"]


def test_only_payments_by_code_are_reversed_and_for_seven_days(shop: Shop) -> None:
    shop.order("SO-2-000")
    assert refused(reverse(shop, "SO-2-000")) == (400, "INVALID_REQUEST")
    assert refused(reverse(shop, "SO-3-000")) == (404, "ORDER_NOT_EXIST")
    charge(shop, code(shop))
    assert refused(reverse(shop, appid="wx0")) == (400, "APPID_MCHID_NOT_MATCH")
    shop.settle(7 * 86_400)
    assert refused(reverse(shop)) == (400, "INVALID_REQUEST")


def test_who_has_not_enough_money_pays_nothing(shop: Shop) -> None:
    shop.sim("/wallets", {"openid": OPENID, "balance": 1_799})
    assert refused(charge(shop, code(shop))) == (403, "NOT_ENOUGH")
    assert refused(shop.query()) == (404, "ORDER_NOT_EXIST")
    assert charge(shop, code(shop, bank="CMB_CREDIT")).json()["bank_type"] == "CMB_CREDIT"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"appid": "wx0"}, (400, "APPID_MCHID_NOT_MATCH")),
        ({"mchid": "1"}, (400, "PARAM_ERROR")),
        ({"scene_info": {}}, (400, "PARAM_ERROR")),
        ({"payer": {"openid": OPENID}}, (400, "PARAM_ERROR")),
        ({"notify_url": "https://x.example.com/"}, (400, "PARAM_ERROR")),
        ({"amount": {"total": 0}}, (400, "PARAM_ERROR")),
    ],
)
def test_a_payment_that_cannot_be_is_refused(shop: Shop, changes: Any, expected: Any) -> None:
    assert refused(charge(shop, code(shop), **changes)) == expected


def test_the_same_number_with_other_parameters_is_refused(shop: Shop) -> None:
    charge(shop, code(shop))
    assert refused(charge(shop, code(shop))) == (400, "INVALID_REQUEST")


def test_a_service_provider_is_paid_by_code_for_whom_it_serves(shop: Shop) -> None:
    sub = "1900000110"
    shop.sim("/merchants", {"mchid": sub})
    shop.setup(sub_mchids=[sub])
    who = {"sp_appid": APPID, "sp_mchid": MCHID, "sub_mchid": sub}
    body = {
        **who,
        "description": "咖啡",
        "out_trade_no": NUMBER,
        "payer": {"auth_code": code(shop)},
        "amount": {"total": 1_800},
        "scene_info": {"store_info": {"id": "1"}},
    }
    plain = shop.call("POST", "/v3/pay/partner/transactions/codepay", body).json()
    assert (plain["sub_mchid"], plain["payer"]) == (sub, {"sp_openid": OPENID})
    assert shop.simulator.get(f"/merchants/{sub}/ledger")["balance"] == 1_789
    at = f"/v3/pay/partner/transactions/out-trade-no/{NUMBER}/reverse"
    assert shop.call("POST", at, who).json() == {**who, "out_trade_no": NUMBER}
    assert refused(reverse(shop)) == (404, "ORDER_NOT_EXIST")


def test_the_client_for_tests_shows_codes_and_pays_what_waits(shop: Shop) -> None:
    client = SimulatorClient(shop.simulator.base)
    assert charge(shop, client.payment_code(OPENID)).json()["trade_state"] == "SUCCESS"
    waiting = charge(shop, client.payment_code(OPENID, password=True), "SO-2-000")
    assert waiting.status_code == 202
    client.pay("", OPENID, mchid=MCHID, out_trade_no="SO-2-000")
    assert shop.query("SO-2-000").json()["trade_state"] == "SUCCESS"


def test_payments_that_wait_survive_saving(shop: Shop) -> None:
    charge(shop, code(shop, person=PERSON, openid="", password=True))
    state = shop.simulator.get("/state")
    shop.sim("/reset", {})
    shop.simulator.sim("/state", state, method="PUT")
    shown = phone(shop, "waiting").json()
    assert phone(shop, "do", prepay=shown["prepay"], password="123456").status_code == 200
