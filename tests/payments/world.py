"""The part of WeChat Pay in tests of payments: answers by path, and notifications."""

import json
import time
import uuid
from base64 import b64encode
from typing import Any

from Crypto.Cipher import AES
from Crypto.PublicKey import RSA
from django.test import Client
from django.utils import timezone

from payments.merchants.models import Merchant
from payments.orders import ordering
from payments.orders.models import Order, Refund
from tests.sdk.pay.platform import PUBLIC_KEY_ID, PayPlatform, refused, signed
from tests.sdk.pay.vectors import KEYS
from tests.sdk.platform import Reply
from wechat.sdk.pay import signing
from wechat.sdk.pay.signing import lines

TRANSACTIONS = "/v3/pay/transactions"
REFUNDS = "/v3/refund/domestic/refunds"
TRANSACTION_ID = "4200002601202603021000000001"
REFUND_ID = "50302600012026030200000000001"


def usual_order(**differently: Any) -> ordering.OrderRequest:
    """Returns the request of an order with default values; its account and merchant have to be given."""
    usual: dict[str, Any] = {
        "source": "test",
        "key": "k1",
        "way": Order.Way.JSAPI,
        "total": 10000,
        "description": "会员年卡",
        "openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
    }
    return ordering.OrderRequest(**{**usual, **differently})


def reply(**fields: Any) -> Reply:
    return signed(json.dumps(fields, ensure_ascii=False).encode(), at=int(time.time()))


def done() -> Reply:
    return signed(b"", 204, at=int(time.time()))


def transaction(order: Order, state: str = "SUCCESS", **differently: Any) -> dict[str, Any]:
    """Returns an order's transaction, as in a query or a notification."""
    fields: dict[str, Any] = {
        "mchid": order.merchant.mchid,
        "appid": order.account.appid,
        "out_trade_no": order.out_trade_no,
        "trade_state": state,
        "amount": {"total": order.total, "payer_currency": "CNY"},
    }
    if state in {"SUCCESS", "REFUND"}:
        fields |= {
            "transaction_id": TRANSACTION_ID,
            "trade_type": "JSAPI",
            "bank_type": "OTHERS",
            "success_time": timezone.localtime().isoformat(timespec="seconds"),
            "payer": {"openid": order.openid},
            "amount": {"total": order.total, "payer_total": order.total, "currency": "CNY"},
        }
    return {**fields, **differently}


def refund_id(out_refund_no: str) -> str:
    """Returns WeChat Pay's id of a refund, which is deterministic."""
    return f"503{out_refund_no[-20:]}"


def report(refund: Refund, status: str = "SUCCESS", **differently: Any) -> dict[str, Any]:
    """Returns a refund's data as in an answer; notifications name the status ``refund_status``."""
    return {
        "mchid": refund.order.merchant.mchid,
        "out_trade_no": refund.order.out_trade_no,
        "transaction_id": refund.order.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund_id(refund.out_refund_no),
        "status": status,
        "user_received_account": "支付用户零钱",
        "amount": {"total": refund.order.total, "refund": refund.amount, "payer_refund": refund.amount},
        **({"success_time": timezone.localtime().isoformat()} if status == "SUCCESS" else {}),
        **differently,
    }


def sealed(resource: dict[str, Any], about: str, key: str = KEYS["apiv3_key"]) -> dict[str, Any]:
    cipher = AES.new(key.encode(), AES.MODE_GCM, nonce=b"0123456789ab")
    cipher.update(about.encode())
    body, tag = cipher.encrypt_and_digest(json.dumps(resource).encode())
    return {
        "original_type": about,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": b64encode(body + tag).decode(),
        "associated_data": about,
        "nonce": "0123456789ab",
    }


def notification(
    about_what: dict[str, Any],
    event: str = "TRANSACTION.SUCCESS",
    about: str = "transaction",
    **envelope: Any,
) -> bytes:
    return json.dumps(
        {
            "id": str(uuid.uuid4()),
            "create_time": "2026-03-02T10:00:00+08:00",
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "支付成功",
            "resource": sealed(about_what, about),
            **envelope,
        },
        ensure_ascii=False,
    ).encode()


def signature(body: bytes, *, at: int | None = None) -> dict[str, str]:
    timestamp = str(at or int(time.time()))
    private = RSA.import_key(KEYS["wechatpay_public_key"]["private_key_pem"])
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": "nonce",
        "Wechatpay-Serial": PUBLIC_KEY_ID,
        "Wechatpay-Signature": signing.sign(private, lines(timestamp, "nonce", body)),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def post(merchant: Merchant, body: bytes, headers: dict[str, str] | None = None) -> Any:
    """Posts a notification, signed unless other headers are given."""
    given = signature(body) if headers is None else headers
    return Client().post(
        f"/pay/{merchant.slug}/notify/transaction", body, content_type="application/json", headers=given
    )


def notify(order: Order, state: str = "SUCCESS", **differently: Any) -> Any:
    return post(order.merchant, notification(transaction(order, state, **differently)))


def notify_refund(refund: Refund, status: str = "SUCCESS", **differently: Any) -> Any:
    body = report(refund, status, **differently)
    body["refund_status"] = body.pop("status")
    return post(refund.order.merchant, notification(body, f"REFUND.{status}", "refund"))


def answer_query(pay: PayPlatform, order: Order, state: str = "NOTPAY", **differently: Any) -> None:
    answer = transaction(order, state, **differently)
    pay.pay[f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}"] = lambda request: reply(**answer)


def answer_close(pay: PayPlatform, order: Order, answer: Reply | None = None) -> None:
    path = f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}/close"
    pay.pay[path] = lambda request: answer or done()


def answer_unknown(pay: PayPlatform, order: Order) -> None:
    path = f"{TRANSACTIONS}/out-trade-no/{order.out_trade_no}"
    pay.pay[path] = lambda request: refused(404, "ORDER_NOT_EXIST", "订单不存在")
