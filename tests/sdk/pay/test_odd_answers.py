"""Odd answers of WeChat Pay, genuine but not as documented: they are read as far as they go, or refused."""

import datetime
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from tests.odd_answers import ODD_VALUES, all_odd, changed, places
from tests.sdk.pay.platform import PayPlatform, signed
from tests.sdk.pay.test_client import JSAPI, ORDER, QUERY
from tests.sdk.pay.vectors import NOW, all_platform_keys, merchant_keys
from tests.sdk.platform import Reply, Request
from wechat.sdk.errors import WeChatError
from wechat.sdk.pay import bills, orders
from wechat.sdk.pay.client import PayClient
from wechat.sdk.pay.errors import NotUnderstood
from wechat.sdk.pay.transactions import read_refund, read_transaction
from wechat.sdk.text import load_json

BILL = "/v3/bill/tradebill"
DAY = datetime.date(2026, 3, 1)
AMOUNT = {"total": 100, "refund": 1, "payer_total": 100, "payer_refund": 1, "currency": "CNY"}
PAID = {
    "appid": "wx1", "mchid": "1900000001", "out_trade_no": "A1", "transaction_id": "4200A1",
    "trade_type": "JSAPI", "trade_state": "SUCCESS", "bank_type": "CMB_DEBIT",
    "success_time": "2026-03-01T10:00:00+08:00", "payer": {"openid": "oOne"}, "amount": AMOUNT,
}  # fmt: skip
REFUNDED = {
    "refund_id": "5000R1", "out_refund_no": "R1", "transaction_id": "4200A1", "out_trade_no": "A1",
    "user_received_account": "招商银行信用卡0403", "success_time": "2026-03-01T10:00:00+08:00",
    "status": "SUCCESS", "amount": AMOUNT,
}  # fmt: skip


def bill(client: PayClient) -> bytes:
    return b"".join(bills.stream(client, bills.trade_bill(client, DAY)))


@pytest.mark.parametrize(
    ("path", "call", "usual"),
    [
        (JSAPI, lambda client: orders.jsapi(client, ORDER, "oOne"), {"prepay_id": "wx1"}),
        (QUERY, lambda client: orders.query(client, "A1"), {"out_trade_no": "A1", "trade_state": "NOTPAY"}),
        (BILL, bill, {"hash_type": "SHA1", "hash_value": "0" * 40, "download_url": ""}),
    ],
)
def test_a_call_answers_what_it_promises_or_an_error_of_the_one_tree(
    pay: PayPlatform, pay_base: str, path: str, call: Callable[[PayClient], Any], usual: dict[str, Any]
) -> None:
    client = PayClient(merchant_keys(), all_platform_keys(), pay_base, now=lambda: NOW)
    if "download_url" in usual:
        usual = {**usual, "download_url": f"{pay_base}/file"}
    pay.pay["/file"] = lambda _request: Reply(b"\x1f\x8b")
    body = json.dumps(usual).encode()
    for odd in all_odd(body):
        pay.pay[path] = answers(signed(odd(body)))
        with suppress(WeChatError):
            call(client)


def answers(reply: Reply) -> Callable[[Request], Reply]:
    return lambda _request: reply


def test_a_payment_is_known_by_what_decides_about_it_however_the_rest_is_written() -> None:
    """What only describes a payment is no reason not to book it; a number may be a text."""
    amount = {"total": "10000", "payer_total": [], "currency": "CNY"}
    odd = {"mchid": 1900000109, "trade_type": {}, "bank_type": 3.5, "amount": amount}
    found = read_transaction({**PAID, **odd})
    assert (found.mchid, found.trade_type, found.bank_type) == ("1900000109", "", "")
    assert (found.total, found.payer_total) == (10000, None)
    assert read_transaction({**PAID, "amount": {"total": 10000.0}}).total == 10000


@pytest.mark.parametrize("total", [100.5, "100.5", "1e4", "", True, [100], -1, "-1", 10**16])
def test_what_is_no_amount_in_fen_is_not_taken_for_one(total: object) -> None:
    with pytest.raises(NotUnderstood):
        read_transaction({**PAID, "amount": {"total": total}})


@pytest.mark.parametrize(("read", "usual"), [(read_transaction, PAID), (read_refund, REFUNDED)])
def test_a_report_is_read_or_not_understood(
    read: Callable[[dict[str, Any]], Any], usual: dict[str, Any]
) -> None:
    body = json.dumps(usual).encode()
    for number in range(len(list(places(usual)))):
        for odd in ODD_VALUES:
            with suppress(NotUnderstood, ValueError):
                read(load_json(changed(body, number, odd)))
