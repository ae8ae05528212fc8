"""Ordering, asking, closing (pay reference 4.1, 4.2, 5.1, 5.2)."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from simulator.pay import answers, moments, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.runtime import Runtime
from simulator.pay.schema import Array, Flag, Number, Object, Shape, Text
from simulator.pay.state import MINIMUM_EXPIRY, ORDER_LIFE, Merchant, Order, Prepay

ORDERS = "/v3/pay/transactions"
NUMBER = r"[0-9A-Za-z_\-|*]+"
LIMITS = ("no_balance", "no_credit", "no_debit", "balance_only")
STATE_TEXTS = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款，退款详情请查询退款单",
    "CLOSED": "订单已关闭",
}

GOODS = Object(
    {
        "merchant_goods_id": Text(32, required=True, pattern=r"[0-9A-Za-z_-]+"),
        "wechatpay_goods_id": Text(32),
        "goods_name": Text(256),
        "quantity": Number(required=True),
        "unit_price": Number(0, required=True),
    }
)
STORE = Object(
    {"id": Text(32, required=True), "name": Text(256), "area_code": Text(32), "address": Text(512)}
)
SCENE: dict[str, Shape] = {
    "payer_client_ip": Text(45, required=True),
    "device_id": Text(32),
    "store_info": STORE,
}
H5_INFO = Object(
    {
        "type": Text(32, required=True, choices=("Wap", "iOS", "Android")),
        "app_name": Text(64),
        "app_url": Text(128),
        "bundle_id": Text(128),
        "package_name": Text(128),
    },
    required=True,
)
IDENTITY = Object({"type": Text(32), "number": Text(1024), "name": Text(1024)})
ORDER: dict[str, Shape] = {
    "appid": Text(32, required=True),
    "mchid": Text(32, required=True),
    "description": Text(127, required=True),
    "out_trade_no": Text(32, 6, required=True, pattern=NUMBER),
    "time_expire": Text(64),
    "attach": Text(128),
    "notify_url": Text(255, required=True),
    "goods_tag": Text(32),
    "limit_pay": Array(Text(32, choices=LIMITS)),
    "support_fapiao": Flag(),
    "amount": Object({"total": Number(required=True), "currency": Text(16, choices=("CNY",))}, required=True),
    "detail": Object({"cost_price": Number(0), "invoice_id": Text(32), "goods_detail": Array(GOODS, 6000)}),
    "scene_info": Object(SCENE),
    "settle_info": Object({"profit_sharing": Flag()}),
}
PAYER = Object({"openid": Text(128, required=True), "identity": IDENTITY}, required=True)
NOBODY = Object({"identity": IDENTITY})
JSAPI = Object({**ORDER, "payer": PAYER})
NATIVE = Object({**ORDER, "payer": NOBODY})
H5 = Object({**ORDER, "payer": NOBODY, "scene_info": Object({**SCENE, "h5_info": H5_INFO}, required=True)})
CLOSE = Object({"mchid": Text(32, required=True)})
LONGEST_DETAIL = 6144


@pay_api("POST", f"{ORDERS}/jsapi", strict=False)
def jsapi(call: Call) -> Answer:
    return {"prepay_id": ordered(call, "JSAPI", JSAPI)[1]}


@pay_api("POST", f"{ORDERS}/app", strict=False)
def app(call: Call) -> Answer:
    return {"prepay_id": ordered(call, "APP", NATIVE)[1]}


@pay_api("POST", f"{ORDERS}/native", strict=False)
def native(call: Call) -> Answer:
    order, _ = ordered(call, "NATIVE", NATIVE)
    return {"code_url": order.code}


@pay_api("POST", f"{ORDERS}/h5", strict=False)
def h5(call: Call) -> Answer:
    _, prepay_id = ordered(call, "MWEB", H5)
    return {"h5_url": h5_address(call.runtime, prepay_id)}


def h5_address(runtime: Runtime, prepay_id: str) -> str:
    package = secrets.randbelow(10**10)
    query = f"prepay_id={prepay_id}&package={package}"
    return f"{runtime.world.addresses.pay}/cgi-bin/mmpayweb-bin/checkmweb?{query}"


def ordered(call: Call, trade_type: str, shape: Object) -> tuple[Order, str]:
    """The order and a new prepay_id for it. Raises PayError."""
    body = call.read(shape)
    merchant = call.merchant
    check_address(merchant, body["notify_url"])
    if len(answers.compact(body.get("detail", {}))) > LONGEST_DETAIL:
        raise wrong("/detail", None, f"longer than {LONGEST_DETAIL} bytes")
    ends_at = expiry(body.get("time_expire"), call.now)
    if body["appid"] not in merchant.appids:
        raise PayError("APPID_MCHID_NOT_MATCH")
    terms = digest({**body, "trade_type": trade_type})
    order = merchant.orders.get(body["out_trade_no"])
    if order is None:
        order = Order(
            out_trade_no=body["out_trade_no"],
            appid=body["appid"],
            trade_type=trade_type,
            total=body["amount"]["total"],
            terms=terms,
            description=body["description"],
            attach=body.get("attach", ""),
            notify_url=body["notify_url"],
            openid=body.get("payer", {}).get("openid", ""),
            device=body.get("scene_info", {}).get("device_id", ""),
            limits=body.get("limit_pay", []),
            made_at=call.now,
            ends_at=ends_at,
        )
    else:
        check_repeat(call.runtime, order, terms, call.now)
    return order, prepaid(call.runtime, merchant, order)


def check_repeat(runtime: Runtime, order: Order, terms: str, now: float) -> None:
    """Raises PayError unless the number may be ordered again as it was (pay reference 4.2)."""
    if order.terms != terms:
        if runtime.state.settings.reused_number == "documented":
            raise PayError("OUT_TRADE_NO_USED", "商户订单号重复")
        raise PayError("INVALID_REQUEST", texts.OTHER_PARAMETERS)
    state = order.state_at(now)
    if state in ("SUCCESS", "REFUND"):
        raise PayError("ORDER_PAID")
    if state == "CLOSED" or now >= order.ends_at:
        raise PayError("ORDER_CLOSED")


def prepaid(runtime: Runtime, merchant: Merchant, order: Order) -> str:
    """Keeps the order and makes a prepay_id; of the earlier ones only a QR code stops working."""
    now = runtime.world.now
    merchant.orders[order.out_trade_no] = order
    prepay_id = f"wx{moments.compact(now)}{secrets.token_hex(10)}"
    runtime.state.prepays[prepay_id] = Prepay(merchant.mchid, order.out_trade_no, now)
    if order.trade_type == "NATIVE":
        if order.code:
            runtime.state.prepays.pop(order.code, None)
        order.code = f"weixin://wxpay/bizpayurl?pr={secrets.token_urlsafe(6)}"
        runtime.state.prepays[order.code] = runtime.state.prepays[prepay_id]
    return prepay_id


def digest(body: Mapping[str, Any]) -> str:
    """The same for the same parameters in any order."""
    sorted_body = answers.compact(_sorted(body))
    return hashlib.sha256(sorted_body).hexdigest()


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def expiry(text: str | None, now: float) -> float:
    """Too early is moved to a minute from now, too late is cut (pay reference 4.1)."""
    if text is None:
        return now + ORDER_LIFE
    try:
        moment = moments.from_rfc3339(text)
    except ValueError:
        raise wrong("/time_expire", text, "not a time of RFC 3339") from None
    return min(max(moment, now + MINIMUM_EXPIRY), now + ORDER_LIFE)


def check_address(merchant: Merchant, url: str, field: str = "/notify_url") -> None:
    """Raises PARAM_ERROR. Addresses nobody outside can reach are refused to merchants who are set up so."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or "?" in url or "#" in url:
        raise wrong(field, url, "not a full https address without a query")
    if merchant.public_notify_only and (parts.scheme != "https" or not is_public(parts.hostname)):
        raise wrong(field, url, "not a public https address")


def is_public(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost" and "." in host
    return False


@pay_api("GET", f"{ORDERS}/out-trade-no/{{out_trade_no}}", strict=False)
def by_number(call: Call) -> Answer:
    call.must_own(call.asked("mchid"))
    order = call.merchant.orders.get(call.path["out_trade_no"])
    if order is None or not order.terms:
        raise PayError("ORDER_NOT_EXIST")
    return described(call.merchant, order, call.now)


@pay_api("GET", f"{ORDERS}/id/{{transaction_id}}", strict=False)
def by_transaction(call: Call) -> Answer:
    call.must_own(call.asked("mchid"))
    number = call.merchant.transactions.get(call.path["transaction_id"])
    if number is None:
        raise PayError("ORDER_NOT_EXIST")
    return described(call.merchant, call.merchant.orders[number], call.now)


def described(merchant: Merchant, order: Order, now: float) -> dict[str, Any]:
    """The answer of a query; an unpaid order has its own shape (pay reference 5.1)."""
    state = order.state_at(now)
    if order.state == "SUCCESS":
        return {
            **transaction(merchant, order, state),
            "promotion_detail": coupons(order),
            "scene_info": {"device_id": order.device},
        }
    return {
        "amount": {"payer_currency": "CNY", "total": order.total},
        "appid": order.appid,
        "mchid": merchant.mchid,
        "out_trade_no": order.out_trade_no,
        "promotion_detail": [],
        "scene_info": {"device_id": order.device},
        "trade_state": state,
        "trade_state_desc": STATE_TEXTS[state],
    }


def transaction(merchant: Merchant, order: Order, state: str = "SUCCESS") -> dict[str, Any]:
    """A paid order, as a notification tells it too (pay reference 5.4)."""
    told = {
        "mchid": merchant.mchid,
        "appid": order.appid,
        "out_trade_no": order.out_trade_no,
        "transaction_id": order.transaction_id,
        "trade_type": order.trade_type,
        "trade_state": state,
        "trade_state_desc": STATE_TEXTS[state],
        "bank_type": order.bank,
        "attach": order.attach,
        "success_time": moments.rfc3339(order.paid_at),
        "payer": {"openid": order.payer},
    }
    amount = {
        "total": order.total,
        "payer_total": order.payer_total,
        "currency": "CNY",
        "payer_currency": "CNY",
    }
    return {**told, "amount": amount}


def coupons(order: Order) -> list[dict[str, Any]]:
    """Returns what the payer saved: one coupon the merchant bears."""
    if not order.coupon:
        return []
    shares = {"wechatpay_contribute": 0, "merchant_contribute": order.coupon, "other_contribute": 0}
    coupon = {
        "coupon_id": f"2{order.transaction_id[-12:]}",
        "name": "商家代金券",
        "scope": "GLOBAL",
        "type": "NOCASH",
    }
    return [{**coupon, "amount": order.coupon, "stock_id": "16474341", **shares, "currency": "CNY"}]


@pay_api("POST", f"{ORDERS}/out-trade-no/{{out_trade_no}}/close", strict=False)
def close(call: Call) -> Answer:
    """A number that was never ordered is closed too, and burnt by that (pay reference 5.2)."""
    call.read(CLOSE)
    number = call.path["out_trade_no"]
    order = call.merchant.orders.get(number) or Order(number, made_at=call.now)
    if order.state == "SUCCESS":
        raise PayError("ORDER_PAID")
    order.state = "CLOSED"
    call.merchant.orders[number] = order
    return None
