"""The orders and refunds of API v2, with the field names of API v3.

WeChat Pay reference 8.2, 8.3.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from wechat.sdk.beijing import BEIJING
from wechat.sdk.errors import TransportError
from wechat.sdk.pay import signing, v2
from wechat.sdk.pay.errors import PayRefused
from wechat.sdk.pay.orders import LONGEST_PREPAY, NewOrder
from wechat.sdk.pay.refunds import NewRefund
from wechat.sdk.pay.transactions import RefundReport, Transaction, read_refund, read_transaction
from wechat.sdk.pay.v2_client import V2Client

# WeChat Pay wants to know who asks; only a payment in another browser says more.
OURSELVES = "127.0.0.1"
REFUND_STATES = {"CHANGE": "ABNORMAL", "REFUNDCLOSE": "CLOSED"}


class V2Cashier:
    def __init__(self, client: V2Client) -> None:
        self.client = client

    def jsapi(self, order: NewOrder, openid: str) -> str:
        return self._placed(order, "prepay_id", trade_type="JSAPI", openid=openid)

    def native(self, order: NewOrder) -> str:
        return self._placed(order, "code_url", trade_type="NATIVE", product_id=order.out_trade_no)

    def h5(self, order: NewOrder, client_ip: str) -> str:
        scene = json.dumps({"h5_info": {"type": "Wap"}}, separators=(",", ":"))
        more = {"trade_type": "MWEB", "scene_info": scene, "spbill_create_ip": client_ip}
        return self._placed(order, "mweb_url", **more)

    def query(self, out_trade_no: str, appid: str) -> Transaction:
        answer = self.client.call("/pay/orderquery", {"appid": appid, "out_trade_no": out_trade_no})
        return read_transaction(transaction(answer))

    def close(self, out_trade_no: str, appid: str) -> None:
        try:
            self.client.call("/pay/closeorder", {"appid": appid, "out_trade_no": out_trade_no})
        except PayRefused as error:
            if error.code != "ORDER_CLOSED":
                raise

    def refund(self, new: NewRefund) -> RefundReport:
        fields = {
            "appid": new.appid,
            "transaction_id": new.transaction_id,
            "out_refund_no": new.out_refund_no,
            "total_fee": str(new.total),
            "refund_fee": str(new.refund),
            "refund_desc": new.reason,
            "notify_url": new.notify_url,
        }
        answer = self.client.call("/secapi/pay/refund", fields, certified=True)
        return read_refund({**refund(answer), "status": "PROCESSING"})

    def query_refund(self, out_refund_no: str, appid: str) -> RefundReport:
        """Returns the only refund of an answer that numbers its refunds, because one number was queried."""
        asked = {"appid": appid, "out_refund_no": out_refund_no}
        answer = self.client.call("/pay/refundquery", asked)
        numbered = {name.removesuffix("_0"): value for name, value in answer.items() if name.endswith("_0")}
        return read_refund(refund({**answer, **numbered}))

    def bridge(self, appid: str, prepay_id: str) -> dict[str, str]:
        keys, now = self.client.keys, int(time.time())
        nonce, kind = signing.nonce(), keys.sign_type
        return v2.bridge(appid, prepay_id, keys.key, sign_type=kind, timestamp=now, nonce_str=nonce)

    def _placed(self, order: NewOrder, result: str, **more: str) -> str:
        path = "/pay/unifiedorder"
        value = self.client.call(path, {**_fields(order), **more}).get(result)
        if not value or len(value) > LONGEST_PREPAY:
            raise TransportError(f"{path} answered no {result}", outcome_unknown=True)
        return value


def transaction(fields: Mapping[str, str]) -> dict[str, Any]:
    """Returns a payment's fields as API v3 would name them."""
    return {
        "mchid": fields.get("mch_id"),
        "appid": fields.get("appid"),
        "out_trade_no": fields.get("out_trade_no"),
        # A notification is about a payment that was made, and does not say so.
        "trade_state": fields.get("trade_state", "SUCCESS"),
        "transaction_id": fields.get("transaction_id"),
        "trade_type": fields.get("trade_type"),
        "bank_type": fields.get("bank_type"),
        "success_time": _moment(fields.get("time_end", "")),
        "payer": {"openid": fields.get("openid")},
        "amount": {
            "total": _fen(fields, "total_fee"),
            "payer_total": _fen(fields, "cash_fee"),
            "currency": fields.get("fee_type"),
        },
    }


def refund(fields: Mapping[str, str]) -> dict[str, Any]:
    """Returns a refund's fields as API v3 would name them."""
    state = fields.get("refund_status", "")
    moment = fields.get("refund_success_time") or fields.get("success_time") or ""
    return {
        "out_trade_no": fields.get("out_trade_no"),
        "out_refund_no": fields.get("out_refund_no"),
        "refund_id": fields.get("refund_id"),
        "transaction_id": fields.get("transaction_id"),
        "status": REFUND_STATES.get(state, state),
        "success_time": f"{moment.replace(' ', 'T')}+08:00" if moment else None,
        "user_received_account": fields.get("refund_recv_accout"),
        "amount": {
            "total": _fen(fields, "total_fee"),
            "refund": _fen(fields, "refund_fee"),
            "payer_refund": _fen(fields, "cash_refund_fee"),
        },
    }


def _fields(order: NewOrder) -> dict[str, str]:
    goods = [
        {
            "goods_id": line.merchant_goods_id,
            "goods_name": line.goods_name,
            "quantity": line.quantity,
            "price": line.unit_price,
        }
        for line in order.goods
    ]
    detail = json.dumps({"goods_detail": goods}, ensure_ascii=False, separators=(",", ":")) if goods else ""
    return {
        "appid": order.appid,
        "body": order.description,
        "detail": detail,
        "attach": order.attach,
        "out_trade_no": order.out_trade_no,
        "fee_type": "CNY",
        "total_fee": str(order.total),
        "spbill_create_ip": OURSELVES,
        "time_expire": f"{order.time_expire.astimezone(BEIJING):%Y%m%d%H%M%S}",
        "notify_url": order.notify_url,
    }


def _fen(fields: Mapping[str, str], name: str) -> int | str | None:
    """Returns an amount; invalid text stays text, which the reader of the report refuses."""
    text = fields.get(name)
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else text


def _moment(compact: str) -> str | None:
    """Returns ``20260302100000`` as RFC 3339; other text unchanged, which the reader refuses."""
    if len(compact) != 14:
        return compact or None
    day = f"{compact[:4]}-{compact[4:6]}-{compact[6:8]}"
    return f"{day}T{compact[8:10]}:{compact[10:12]}:{compact[12:]}+08:00"
