"""Tests of the gateway of API v3, and of the signatures of answers."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests
from Crypto.PublicKey import RSA

from tests.simulator.pay.conftest import (
    APIV3_KEY,
    KEYS,
    MCHID,
    OPENID,
    ORDERS,
    REFUNDS,
    Shop,
    refused,
    unseal,
)

CERTIFICATES = "/v3/certificates"


def test_accept_and_user_agent_are_asked_for_before_the_signature(shop: Shop) -> None:
    for target in (CERTIFICATES, f"{REFUNDS}/RF1"):
        for missing in ("Accept", "User-Agent"):
            answer = shop.call("GET", target, headers={missing: "", "Authorization": ""})
            assert refused(answer) == (400, "INVALID_REQUEST")
            assert answer.json()["message"] == "Http头缺少Accept或User-Agent"
    order = shop.call("GET", f"{ORDERS}/id/1?mchid={MCHID}", headers={"Accept": "", "User-Agent": ""})
    assert refused(order) == (404, "ORDER_NOT_EXIST")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》"),
        (
            "WECHATPAY2-SHA256-RSA2048 mchid=1",
            "Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》",
        ),
        ("Bearer abc", "HTTP头Authorization认证类型不正确"),
    ],
    ids=["none", "malformed", "scheme"],
)
def test_a_malformed_header_is_told_apart(shop: Shop, header: str | None, message: str) -> None:
    answer = shop.call("GET", CERTIFICATES, headers={"Authorization": header})
    assert refused(answer) == (401, "SIGN_ERROR")
    assert answer.json()["message"] == message
    answer = shop.call("GET", f"{ORDERS}/id/1?mchid={MCHID}", headers={"Authorization": header})
    assert answer.json()["message"] == "签名信息错误，验签失败"


def test_the_clock_is_checked_before_the_signature(shop: Shop) -> None:
    shop.key = RSA.import_key(KEYS["platform_certificates"][0]["private_key_pem"])
    late = shop.call("GET", CERTIFICATES, sign={"timestamp": str(int(time.time()) - 302)})
    assert "5分钟" in late.json()["message"]
    wrong = shop.call("GET", CERTIFICATES)
    assert refused(wrong) == (401, "SIGN_ERROR")
    assert wrong.json()["detail"]["sign_information"]["url"] == CERTIFICATES


@pytest.mark.parametrize("digits", [400, 5_000])
def test_a_moment_of_more_digits_than_any_is_no_moment(shop: Shop, digits: int) -> None:
    answer = shop.call("GET", CERTIFICATES, sign={"timestamp": "9" * digits})
    assert refused(answer) == (401, "SIGN_ERROR")


def test_serials_must_be_known_and_valid(shop: Shop) -> None:
    shop.setup(voided=[shop.serial])
    assert shop.call("GET", CERTIFICATES).json()["message"] == "商户证书已作废"
    shop.serial = "00" * 20
    assert "序列号有误" in shop.call("GET", CERTIFICATES).json()["message"]


def test_an_unknown_merchant_is_told_by_the_call(shop: Shop) -> None:
    shop.mchid = "1900000999"
    assert refused(shop.order()) == (400, "MCH_NOT_EXISTS")
    assert refused(shop.refund()) == (404, "MCH_NOT_EXISTS")


def test_the_query_and_its_escapes_are_signed_as_sent(shop: Shop) -> None:
    number = "SO%7C2026%2A1"
    shop.order("SO|2026*1")
    assert shop.query(number).json()["out_trade_no"] == "SO|2026*1"
    headers = {"Authorization": shop.authorization("GET", f"{ORDERS}/out-trade-no/{number}", b"")}
    answer = shop.call("GET", f"{ORDERS}/out-trade-no/{number}?mchid={MCHID}", headers=headers)
    assert refused(answer) == (401, "SIGN_ERROR")


def test_a_body_serialised_again_is_refused(shop: Shop) -> None:
    body = shop.order_body("SO20260302100000001")
    answer = shop.call("POST", f"{ORDERS}/jsapi", body, data=json.dumps(body, indent=1).encode())
    assert refused(answer) == (401, "SIGN_ERROR")


def test_a_nonce_may_be_used_once_where_the_merchant_wants_it_so(shop: Shop) -> None:
    nonce = {"nonce": "593BEC0C930BF1AFEB40B4A08C8FB242"}
    target = f"{ORDERS}/id/1?mchid={MCHID}"
    assert [shop.call("GET", target, sign=nonce).status_code for _ in range(2)] == [404, 404]
    shop.setup(refuse_reused_nonces=True)
    assert [shop.call("GET", target, sign=nonce).status_code for _ in range(2)] == [404, 401]


def test_unknown_paths_and_methods_have_no_body(shop: Shop) -> None:
    for method, target, status in (("GET", "/v3/pay/nothing", 404), ("GET", f"{ORDERS}/jsapi", 405)):
        answer = shop.call(method, target)
        assert (answer.status_code, answer.content) == (status, b"")


def test_answers_look_like_the_platforms(shop: Shop) -> None:
    answer = shop.order(description="春季礼盒")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["Request-ID"].endswith("-0")
    assert answer.headers["Server"] == "nginx"
    failed = shop.query("SO-nobody-knows")
    assert "订单不存在".encode() in failed.content
    assert b'": ' not in failed.content


def test_only_the_public_key_means_no_certificates(shop: Shop) -> None:
    answer = shop.call("GET", CERTIFICATES)
    assert refused(answer) == (404, "RESOURCE_NOT_EXISTS")
    assert answer.json()["message"].startswith("无可用的平台证书")


def test_certificates_are_told_sealed_and_rotate(shop: Shop) -> None:
    old = shop.setup(key_mode="certificate")["serving"]
    shop.sim(f"/merchants/{MCHID}/certificate", {})
    answer = shop.call("GET", CERTIFICATES)
    assert shop.verify(answer.headers, answer.content) == old
    entries = answer.json()["data"]
    assert [each["serial_no"] for each in entries] == [old, new_serial(shop, old)]
    assert new_serial(shop, old).startswith("0")
    for each in entries:
        pem = unseal(each["encrypt_certificate"], APIV3_KEY).decode()
        assert RSA.import_key(pem).n == shop.public_keys()[each["serial_no"]].n
    shop.setup(serving=new_serial(shop, old))
    answer = shop.order()
    assert shop.verify(answer.headers, answer.content) == new_serial(shop, old)


def new_serial(shop: Shop, old: str) -> str:
    return next(serial for serial in shop.public_keys() if serial != old)


def test_while_switching_the_request_picks_the_key(shop: Shop) -> None:
    plain = shop.setup(key_mode="switching")
    asked = shop.order()
    assert shop.verify(asked.headers, asked.content) == plain["platform"]["public_key_id"]
    silent = shop.call(
        "GET", f"{ORDERS}/out-trade-no/SO20260302100000001?mchid={MCHID}", headers={"Wechatpay-Serial": ""}
    )
    assert shop.verify(silent.headers, silent.content) == plain["serving"]


@pytest.mark.parametrize("spoil", ["probe", "stale", "serial", "body", "unsigned"])
def test_answers_can_be_spoiled(shop: Shop, spoil: str) -> None:
    shop.sim("/pay/faults", {"at": f"{ORDERS}/jsapi", "spoil": spoil, "times": 1})
    answer = shop.order()
    with pytest.raises((ValueError, KeyError, AssertionError)):
        shop.verify(answer.headers, answer.content)
    answer = shop.order()
    shop.verify(answer.headers, answer.content)


def test_a_call_can_fail_before_and_after_it_was_done(shop: Shop) -> None:
    at = f"{ORDERS}/jsapi"
    shop.sim("/pay/faults", {"at": at, "status": 500, "times": 1})
    assert refused(shop.order()) == (500, "SYSTEM_ERROR")
    assert refused(shop.query()) == (404, "ORDER_NOT_EXIST")
    shop.sim("/pay/faults", {"at": at, "status": 429, "code": "FREQUENCY_LIMITED", "after": True, "times": 1})
    assert refused(shop.order()) == (429, "FREQUENCY_LIMITED")
    assert shop.query().json()["trade_state"] == "NOTPAY"
    shop.sim("/pay/faults", {"at": at, "lose_answer": True, "times": 1})
    with pytest.raises(requests.RequestException):
        shop.order("SO-answer-lost")
    assert shop.query("SO-answer-lost").json()["trade_state"] == "NOTPAY"


def test_a_fault_of_one_merchant_spares_the_others(shop: Shop) -> None:
    fault = shop.sim("/pay/faults", {"at": "*", "mchid": "1900000110", "status": 500})
    assert shop.order().ok
    shop.sim(f"/pay/faults/{fault['id']}", method="DELETE")
    assert shop.simulator.get("/pay/faults") == {"faults": []}


def test_a_merchant_may_bring_no_key_and_is_given_one(shop: Shop) -> None:
    plain = shop.sim("/merchants", {"mchid": "1900000110", "appids": ["wx1"], "apiv3_key": "k" * 32})
    other = Shop(
        shop.simulator, plain, "1900000110", plain["serial_no"], RSA.import_key(plain["private_key"])
    )
    assert other.order(appid="wx1").ok
    assert "private_key" not in str(shop.simulator.get("/merchants"))


@pytest.mark.parametrize(
    "given",
    [
        {"mchid": 5},
        {"mchid": "1", "fee_rate": "x"},
        {"mchid": "1", "key_mode": "x"},
        {"mchid": "1", "apiv3_key": "x"},
        {"mchid": "1", "certificate": "x"},
        {"mchid": "1", "colour": "x"},
        {"mchid": "1", "serving": "AB"},
        {"mchid": "1", "public_key": KEYS["merchant"]["public_key_pem"]},
    ],
    ids=str,
)
def test_a_merchant_that_makes_no_sense_is_refused(shop: Shop, given: Any) -> None:
    answer = shop.simulator.session.post(f"{shop.simulator.base}/_sim/merchants", json=given, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_merchants_survive_a_reset_that_keeps_accounts(shop: Shop) -> None:
    shop.order()
    shop.pay(openid=OPENID)
    shop.sim("/reset", {"keep_accounts": True})
    assert refused(shop.query()) == (404, "ORDER_NOT_EXIST")
    assert shop.ledger()["balance"] == 0
    assert shop.order().ok


def test_everything_is_saved_and_restored(shop: Shop) -> None:
    prepay = shop.order().json()["prepay_id"]
    state = shop.simulator.get("/state")
    shop.sim("/reset", {})
    shop.sim("/state", state, "PUT")
    shop.sim("/pay", {"prepay": prepay, "openid": OPENID})
    answer = shop.query()
    shop.verify(answer.headers, answer.content)
    assert answer.json()["trade_state"] == "SUCCESS"


def test_the_serial_of_a_certificate_is_known_in_any_case(shop: Shop) -> None:
    shop.serial = shop.serial.lower()
    assert shop.order().status_code == 200
    shop.setup(voided=[shop.serial.upper()])
    assert refused(shop.order()) == (401, "SIGN_ERROR")
