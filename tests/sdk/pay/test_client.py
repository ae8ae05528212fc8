import datetime
import gzip
import json
import logging
import traceback
from typing import Any

import pytest
import requests
from Crypto.Hash import SHA1

from tests.sdk.pay.platform import PUBLIC_KEY_ID, PayPlatform, answered, refused, signed
from tests.sdk.pay.vectors import KEYS, NOW, VECTORS, all_platform_keys, merchant_keys
from tests.sdk.platform import Reply
from wechat.sdk.errors import TransportError
from wechat.sdk.pay import bills, orders, platform_certificates, refunds
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.errors import BillDamaged, PayRefused
from wechat.sdk.pay.keys import platform_keys

JSAPI, CLOSE = "/v3/pay/transactions/jsapi", "/v3/pay/transactions/out-trade-no/A1/close"
QUERY, REFUND = "/v3/pay/transactions/out-trade-no/A1", "/v3/refund/domestic/refunds"
ORDER = orders.NewOrder(
    appid=KEYS["appid"],
    out_trade_no="A1",
    description="春季礼盒",
    total=100,
    time_expire=datetime.datetime(2026, 3, 2, 2, 30, tzinfo=datetime.UTC),
    notify_url="https://pay.example.com/pay/shop/notify/transaction",
)
PAID = {"out_trade_no": "A1", "trade_state": "SUCCESS", "amount": {"total": 100}}
REFUNDED = {"out_trade_no": "A1", "out_refund_no": "R1", "status": "PROCESSING", "amount": {"refund": 1}}


@pytest.fixture
def client(pay_base: str, session: requests.Session) -> PayClient:
    return PayClient(merchant_keys(), all_platform_keys(), pay_base, session, now=lambda: NOW)


def test_an_order_is_placed_in_the_platforms_words(pay: PayPlatform, client: PayClient) -> None:
    pay.pay[JSAPI] = lambda request: answered(prepay_id="wx1")
    assert orders.jsapi(client, ORDER, "oOne") == "wx1"
    sent = pay.requests[-1]
    assert json.loads(sent.body) == {
        "appid": KEYS["appid"],
        "mchid": KEYS["mchid"],
        "description": "春季礼盒",
        "out_trade_no": "A1",
        "time_expire": "2026-03-02T10:30:00+08:00",
        "notify_url": ORDER.notify_url,
        "amount": {"total": 100, "currency": "CNY"},
        "payer": {"openid": "oOne"},
    }
    assert "春季礼盒".encode() in sent.body
    assert sent.headers["Wechatpay-Serial"] == PUBLIC_KEY_ID
    assert sent.headers["User-Agent"]


def test_repeats_are_signed_anew_over_the_same_bytes(pay: PayPlatform, client: PayClient) -> None:
    pay.pay[JSAPI] = lambda request: answered(prepay_id="wx1")
    orders.jsapi(client, ORDER, "oOne")
    orders.jsapi(client, ORDER, "oOne")
    first, second = pay.requests
    assert first.body == second.body
    assert first.headers["Authorization"] != second.headers["Authorization"]


def test_native_and_h5_orders_carry_no_payer(pay: PayPlatform, client: PayClient) -> None:
    pay.pay["/v3/pay/transactions/native"] = lambda request: answered(code_url="weixin://1")
    pay.pay["/v3/pay/transactions/h5"] = lambda request: answered(h5_url="https://wx.tenpay.com/1")
    assert orders.native(client, ORDER) == "weixin://1"
    assert orders.h5(client, ORDER, "203.0.113.7") == "https://wx.tenpay.com/1"
    native, h5 = (json.loads(request.body) for request in pay.requests)
    assert "payer" not in native
    assert h5["scene_info"] == {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}


def test_goods_and_attachment_are_sent_when_there_are_any(pay: PayPlatform, client: PayClient) -> None:
    pay.pay[JSAPI] = lambda request: answered(prepay_id="wx1")
    goods = (orders.Goods("sku-1", "礼盒", 2, 50),)
    orders.jsapi(client, orders.NewOrder(**{**_fields(), "goods": goods, "attach": "shop=1"}), "oOne")
    body = json.loads(pay.requests[-1].body)
    assert body["attach"] == "shop=1"
    assert body["detail"]["goods_detail"] == [
        {"merchant_goods_id": "sku-1", "goods_name": "礼盒", "quantity": 2, "unit_price": 50}
    ]


def _fields() -> dict[str, Any]:
    return {name: getattr(ORDER, name) for name in ORDER.__dataclass_fields__}


def test_an_order_is_queried_and_closed(pay: PayPlatform, client: PayClient) -> None:
    pay.pay[QUERY] = lambda request: answered(**PAID)
    pay.pay[CLOSE] = lambda request: signed(b"", 204)
    assert orders.query(client, "A1").is_paid
    orders.close(client, "A1")
    asked, closed = pay.requests
    assert asked.query == {"mchid": KEYS["mchid"]}
    assert json.loads(closed.body) == {"mchid": KEYS["mchid"]}


def test_a_refund_names_both_amounts_and_where_to_tell(pay: PayPlatform, client: PayClient) -> None:
    pay.pay[REFUND] = lambda request: answered(**REFUNDED)
    new = refunds.NewRefund("4200", "R1", 1, 100, "https://pay.example.com/r", "售完")
    assert refunds.refund(client, new).status == "PROCESSING"
    assert json.loads(pay.requests[-1].body) == {
        "transaction_id": "4200",
        "out_refund_no": "R1",
        "notify_url": "https://pay.example.com/r",
        "amount": {"refund": 1, "total": 100, "currency": "CNY"},
        "reason": "售完",
    }
    pay.pay[f"{REFUND}/R1"] = lambda request: answered(**REFUNDED)
    assert refunds.query(client, "R1").refund == 1


def test_an_error_is_told_by_its_code_although_it_is_not_signed(pay: PayPlatform, client: PayClient) -> None:
    pay.pay[QUERY] = lambda request: refused(404, "ORDER_NOT_EXIST")
    with pytest.raises(PayRefused) as no:
        orders.query(client, "A1")
    assert (no.value.status, no.value.code, no.value.request_id) == (404, "ORDER_NOT_EXIST", "08ABC-0")
    assert no.value.outcome_unknown
    assert len(pay.requests) == 1


@pytest.mark.parametrize(
    ("status", "code", "retryable", "unknown"),
    [
        (400, "PARAM_ERROR", False, False),
        (400, "ORDERPAID", False, True),
        (401, "SIGN_ERROR", False, False),
        (403, "NOT_ENOUGH", False, False),
        (429, "ANYTHING", True, True),
        (500, "SYSTEM_ERROR", True, True),
        (502, "", True, True),
        (202, "", True, True),
        (404, "", False, False),
        (405, "", False, False),
        (418, "NEW_CODE", False, False),
    ],
)
def test_a_refusal_says_whether_it_is_final(status: int, code: str, retryable: bool, unknown: bool) -> None:
    error = PayRefused(status, code, "")
    assert (error.retryable, error.outcome_unknown) == (retryable, unknown)


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"[]", b"{" * 100_000, b"\xff"])
def test_an_error_without_a_readable_body_is_still_an_error(
    pay: PayPlatform, client: PayClient, body: bytes
) -> None:
    pay.pay[JSAPI] = lambda request: Reply(body, status=502)
    with pytest.raises(PayRefused) as no:
        orders.jsapi(client, ORDER, "oOne")
    assert no.value.outcome_unknown


def test_a_probe_is_answered_by_asking_once_more(pay: PayPlatform, client: PayClient) -> None:
    good = answered(prepay_id="wx1")
    probe = Reply(
        b'{"prepay_id":"forged"}',
        headers={**good.headers, "Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + "A" * 300},
    )
    replies = iter([probe, good])
    pay.pay[JSAPI] = lambda request: next(replies)
    assert orders.jsapi(client, ORDER, "oOne") == "wx1"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b'{"prepay_id":"wx1"}'),
        signed(b'{"prepay_id":"wx1"}', at=NOW - 301),
        signed(b"not json"),
        signed(b"[]"),
        signed(b'{"prepay_id":1}'),
        signed(b""),
        Reply(b"", status=0),
    ],
    ids=["unsigned", "stale", "no json", "a list", "a number", "nothing", "a hang-up"],
)
def test_no_usable_answer_means_nobody_knows_what_happened(
    pay: PayPlatform, client: PayClient, reply: Reply
) -> None:
    pay.pay[JSAPI] = lambda request: reply
    with pytest.raises(TransportError) as lost:
        orders.jsapi(client, ORDER, "oOne")
    assert lost.value.outcome_unknown


def test_a_redirect_is_a_refusal_and_never_followed(pay: PayPlatform, client: PayClient) -> None:
    pay.pay[JSAPI] = lambda request: Reply(b"", status=302, headers={"Location": "/elsewhere"})
    with pytest.raises(PayRefused):
        orders.jsapi(client, ORDER, "oOne")
    assert len(pay.requests) == 1


def test_the_first_certificates_are_verified_with_themselves(
    pay: PayPlatform, pay_base: str, session: requests.Session
) -> None:
    recorded = VECTORS["certificates_response"]
    reply = Reply(recorded["body"].encode(), headers=recorded["headers"])
    pay.pay["/v3/certificates"] = lambda request: reply
    client = PayClient(merchant_keys(), platform_keys(), pay_base, session, now=lambda: NOW)
    assert len(platform_certificates.download(client)) == 2
    assert "Wechatpay-Serial" not in pay.requests[-1].headers


def test_certificates_that_prove_nothing_are_not_taken(
    pay: PayPlatform, pay_base: str, session: requests.Session
) -> None:
    pay.pay["/v3/certificates"] = lambda request: Reply(VECTORS["certificates_response"]["body"].encode())
    client = PayClient(merchant_keys(), platform_keys(), pay_base, session, now=lambda: NOW)
    with pytest.raises(TransportError):
        platform_certificates.download(client)


def test_a_merchant_in_public_key_mode_has_no_certificates(pay: PayPlatform, client: PayClient) -> None:
    recorded = VECTORS["certificates_response_public_key_only"]
    pay.pay["/v3/certificates"] = lambda request: Reply(recorded["body"].encode(), status=recorded["status"])
    assert platform_certificates.download(client) == []


DAY = datetime.date(2026, 3, 1)
CONTENT = "甲,乙\n`1,`2\n".encode()


def _bill(pay: PayPlatform, client: PayClient, packed: bytes) -> bytes:
    address = f"{client._base}{bills.FILE}?token=abc&tartype=gzip"
    sha1 = SHA1.new(CONTENT).hexdigest().upper()
    pay.pay["/v3/bill/tradebill"] = lambda request: answered(
        download_url=address, hash_type="SHA1", hash_value=sha1
    )
    pay.pay[bills.FILE] = lambda request: Reply(packed, "application/octet-stream")
    return b"".join(bills.stream(client, bills.trade_bill(client, DAY)))


def test_a_bill_is_asked_for_and_downloaded(pay: PayPlatform, client: PayClient) -> None:
    assert _bill(pay, client, gzip.compress(CONTENT, mtime=0)) == CONTENT
    asked, downloaded = pay.requests
    assert asked.query == {"bill_date": "2026-03-01", "bill_type": "ALL", "tar_type": "GZIP"}
    assert downloaded.query == {"token": "abc", "tartype": "gzip"}


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"other", mtime=0), gzip.compress(CONTENT, mtime=0)[:-9], b""],
    ids=["another", "cut off", "empty"],
)
def test_a_bill_that_is_not_what_its_hash_says_is_refused(
    pay: PayPlatform, client: PayClient, packed: bytes
) -> None:
    with pytest.raises(BillDamaged):
        _bill(pay, client, packed)


def test_a_bill_that_is_not_ready_says_so(pay: PayPlatform, client: PayClient) -> None:
    pay.pay["/v3/bill/fundflowbill"] = lambda request: refused(400, "STATEMENT_CREATING")
    with pytest.raises(PayRefused) as no:
        bills.fund_flow_bill(client, DAY)
    assert no.value.retryable


def test_no_log_line_and_no_traceback_shows_a_key_or_a_token(
    pay: PayPlatform, client: PayClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    _bill(pay, client, gzip.compress(CONTENT, mtime=0))
    pay.pay[JSAPI] = lambda request: Reply(b"", status=0)
    with pytest.raises(TransportError) as lost:
        orders.jsapi(client, ORDER, "oOne")
    text = caplog.text + "".join(traceback.format_exception(lost.value)) + repr(client)
    assert "WECHATPAY2-SHA256" not in text
    assert "token=abc" not in text
    assert KEYS["apiv3_key"] not in text


def test_every_call_is_observed(pay_base: str, pay: PayPlatform, session: requests.Session) -> None:
    seen: list[tuple[str, str]] = []
    client = PayClient(
        merchant_keys(),
        all_platform_keys(),
        pay_base,
        session,
        observer=lambda api, outcome, seconds, error: seen.append((api, outcome)),
        now=lambda: NOW,
    )
    pay.pay[QUERY] = lambda request: answered(**PAID)
    orders.query(client, "A1")
    pay.pay[QUERY] = lambda request: refused(404, "ORDER_NOT_EXIST")
    with pytest.raises(PayRefused):
        orders.query(client, "A1")
    pay.pay[QUERY] = lambda request: Reply(b"", status=0)
    with pytest.raises(TransportError):
        orders.query(client, "A1")
    query = "/v3/pay/transactions/query"
    assert seen == [(query, "ok"), (query, "ORDER_NOT_EXIST"), (query, "lost")]
