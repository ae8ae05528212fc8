"""The old API: XML both ways, HTTP 200 always (pay reference 8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulator.pay import moments, orders, refunding, sealing, texts, v2_notices, v2_xml
from simulator.pay.errors import PayError
from simulator.pay.runtime import Runtime
from simulator.pay.state import MINIMUM_EXPIRY, ORDER_LIFE, Merchant, Order, Refund

Fields = dict[str, str]
WAYS = ("JSAPI", "NATIVE", "APP", "MWEB")
NEEDED = (
    "appid",
    "mch_id",
    "body",
    "out_trade_no",
    "total_fee",
    "spbill_create_ip",
    "notify_url",
    "trade_type",
)
EXTRA = {"JSAPI": "openid", "NATIVE": "product_id", "MWEB": "scene_info"}
LONGEST = {
    "body": 128,
    "attach": 127,
    "out_trade_no": 32,
    "notify_url": 256,
    "openid": 128,
    "spbill_create_ip": 64,
}
LENGTHS = {"appid": 32, "mch_id": 32, "detail": 6000, "goods_tag": 32, "product_id": 32, "scene_info": 256}
CODES = {
    "ORDER_PAID": "ORDERPAID",
    "ORDER_CLOSED": "ORDERCLOSED",
    "ORDER_NOT_EXIST": "ORDERNOTEXIST",
    "OUT_TRADE_NO_USED": "OUT_TRADE_NO_USED",
    "NOT_ENOUGH": "NOTENOUGH",
    texts.NOT_PAID: "TRADE_STATE_ERROR",
    texts.TOO_LATE: "TRADE_OVERDUE",
}


class V2Error(Exception):
    """A call the old API refuses, with its error code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code)
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class V2Call:
    """A call whose signature is checked; the answer is signed with the same method."""

    runtime: Runtime
    merchant: Merchant
    fields: Fields
    method: str

    @property
    def now(self) -> float:
        return self.runtime.world.now

    def need(self, *names: str) -> None:
        """Raises LACK_PARAMS."""
        if missing := [name for name in names if not self.fields.get(name)]:
            raise V2Error("LACK_PARAMS", f"缺少参数{missing[0]}")

    def amount(self, name: str) -> int:
        """Raises PARAM_ERROR unless it is a whole number of fen above zero."""
        text = self.fields.get(name, "")
        if not text.isascii() or not text.isdigit() or int(text) < 1:
            raise V2Error("PARAM_ERROR", f"{name}参数格式错误")
        return int(text)

    def order(self) -> Order:
        """By transaction_id or out_trade_no. Raises ORDERNOTEXIST."""
        number = self.fields.get("out_trade_no", "")
        if transaction := self.fields.get("transaction_id"):
            number = self.merchant.transactions.get(transaction, "")
        order = self.merchant.orders.get(number)
        if order is None or not order.terms:
            raise V2Error("ORDERNOTEXIST", "订单不存在")
        return order


def unified_order(call: V2Call) -> Fields:
    call.need(*NEEDED)
    fields, now, way = call.fields, call.now, call.fields["trade_type"]
    if way not in WAYS:
        raise V2Error("PARAM_ERROR", "trade_type参数格式错误")
    if way in EXTRA:
        call.need(EXTRA[way])
    total, ends_at = call.amount("total_fee"), expiry(call)
    check_lengths(fields)
    terms = orders.digest({name: fields[name] for name in fields if name not in ("nonce_str", "sign")})
    order = call.merchant.orders.get(fields["out_trade_no"])
    if order is None:
        order = Order(
            out_trade_no=fields["out_trade_no"],
            appid=fields["appid"],
            trade_type=way,
            total=total,
            terms=terms,
            description=fields["body"],
            attach=fields.get("attach", ""),
            notify_url=fields["notify_url"],
            openid=fields.get("openid", "") if way == "JSAPI" else "",
            device=fields.get("device_info", ""),
            limits=[fields["limit_pay"]] if fields.get("limit_pay") else [],
            v2=call.method,
            made_at=now,
            ends_at=ends_at,
        )
    elif order.terms != terms:
        raise V2Error("OUT_TRADE_NO_USED", "商户订单号重复")
    else:
        orders.check_repeat(call.runtime, order, terms, now)
    prepay_id = orders.prepaid(call.runtime, call.merchant, order)
    more = {
        "NATIVE": {"code_url": order.code},
        "MWEB": {"mweb_url": orders.h5_address(call.runtime, prepay_id)},
    }
    return {"prepay_id": prepay_id, "trade_type": way, **more.get(way, {})}


def expiry(call: V2Call) -> float:
    text, now = call.fields.get("time_expire"), call.now
    if not text:
        return now + ORDER_LIFE
    try:
        moment = moments.from_compact(text)
    except ValueError:
        raise V2Error("PARAM_ERROR", "time_expire参数格式错误") from None
    return min(max(moment, now + MINIMUM_EXPIRY), now + ORDER_LIFE)


def check_lengths(fields: Fields) -> None:
    for name, most in {**LONGEST, **LENGTHS}.items():
        if len(fields.get(name, "")) > most:
            raise V2Error("PARAM_ERROR", f"{name}参数长度有误")
    if "?" in fields["notify_url"]:
        raise V2Error("PARAM_ERROR", "notify_url不能带参数")
    if fields.get("fee_type", "CNY") != "CNY":
        raise V2Error("PARAM_ERROR", "fee_type参数格式错误")


def order_query(call: V2Call) -> Fields:
    order = call.order()
    state = order.state_at(call.now)
    told = {
        "out_trade_no": order.out_trade_no,
        "trade_state": state,
        "trade_state_desc": orders.STATE_TEXTS[state],
        "total_fee": str(order.total),
        "attach": order.attach,
    }
    if order.state != "SUCCESS":
        return told
    paid = {
        "openid": order.payer,
        "trade_type": order.trade_type,
        "bank_type": order.bank,
        "cash_fee": str(order.payer_total),
        "fee_type": "CNY",
        "transaction_id": order.transaction_id,
        "time_end": moments.compact(order.paid_at),
    }
    return {**told, **paid, **v2_notices.coupon_fields(order)}


def close_order(call: V2Call) -> Fields:
    call.need("out_trade_no")
    order = call.order()
    if order.state == "SUCCESS":
        raise V2Error("ORDERPAID", "订单已支付")
    if order.state_at(call.now) == "CLOSED":
        raise V2Error("ORDERCLOSED", "订单已关闭")
    order.state = "CLOSED"
    return {}


def refund(call: V2Call) -> Fields:
    call.need("out_refund_no", "total_fee", "refund_fee")
    order, number = call.order(), call.fields["out_refund_no"]
    amount, total = call.amount("refund_fee"), call.amount("total_fee")
    terms = orders.digest({"order": order.out_trade_no, "amount": amount, "total": total})
    found = call.merchant.refunds.get(number)
    if found is None:
        refunding.check(call.merchant, order, amount, total, call.now)
        found = refunding.accept(call.runtime, call.merchant, order, number, amount, terms)
        found.v2, found.notify_url = True, call.fields.get("notify_url", "")
        found.reason = call.fields.get("refund_desc", "")
    elif found.terms != terms:
        raise V2Error("ERROR", texts.OTHER_TOTAL)
    return {
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "out_refund_no": number,
        "refund_id": found.refund_id,
        "refund_fee": str(found.amount),
        "total_fee": str(order.total),
        "cash_fee": str(order.payer_total),
        "cash_refund_fee": str(found.payer_amount),
    }


def refund_query(call: V2Call) -> Fields:
    found = asked_refunds(call)
    if not found:
        raise V2Error("REFUNDNOTEXIST", "退款单不存在")
    order = call.merchant.orders[found[0].out_trade_no]
    told = {
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "total_fee": str(order.total),
        "cash_fee": str(order.payer_total),
        "refund_count": str(len(found)),
    }
    for place, each in enumerate(found):
        told |= {f"{name}_{place}": value for name, value in refund_told(each).items() if value}
    return told


def asked_refunds(call: V2Call) -> list[Refund]:
    merchant, fields = call.merchant, call.fields
    number = fields.get("out_refund_no") or merchant.refund_ids.get(fields.get("refund_id", ""), "")
    if number or fields.get("refund_id"):
        return [merchant.refunds[number]] if number in merchant.refunds else []
    return list(merchant.refunds_of(call.order()))


def refund_told(each: Refund) -> Fields:
    return {
        "out_refund_no": each.out_refund_no,
        "refund_id": each.refund_id,
        "refund_channel": "ORIGINAL",
        "refund_fee": str(each.amount),
        "refund_status": v2_notices.STATES.get(each.status, each.status),
        "refund_recv_accout": each.received,
        "refund_success_time": moments.in_bill(each.turns[-1].at) if each.status == "SUCCESS" else "",
    }


CALLS: dict[str, Callable[[V2Call], Fields]] = {
    "/pay/unifiedorder": unified_order,
    "/pay/orderquery": order_query,
    "/pay/closeorder": close_order,
    "/secapi/pay/refund": refund,
    "/pay/refundquery": refund_query,
}


class NotUnderstoodError(Exception):
    """The call is refused before anything is done; the message is the platform's."""


def understood(runtime: Runtime, body: bytes) -> V2Call:
    """A call that is XML and signed by its merchant. Raises NotUnderstoodError."""
    try:
        fields = v2_xml.read(body)
    except v2_xml.BadXmlError:
        raise NotUnderstoodError("XML格式错误" if body else "POST数据为空") from None
    merchant = runtime.state.merchants.get(fields.get("mch_id", ""))
    if merchant is None or not merchant.v2_key:
        said = "mch_id参数格式错误" if merchant is None else "商户未设置APIv2密钥"
        raise NotUnderstoodError(said)
    method = fields.get("sign_type") or "MD5"
    if method not in v2_xml.METHODS or not v2_xml.is_signed(fields, merchant.v2_key, method):
        raise NotUnderstoodError("签名错误")
    return V2Call(runtime, merchant, fields, method)


def answered(runtime: Runtime, path: str, body: bytes) -> Fields:
    """The whole answer: return_code says whether the call was understood, result_code whether it was done."""
    try:
        call = understood(runtime, body)
    except NotUnderstoodError as error:
        return failed(str(error))
    merchant, fields, method = call.merchant, call.fields, call.method
    common = {"appid": fields.get("appid", ""), "mch_id": merchant.mchid, "nonce_str": sealing.nonce(16)}
    try:
        if common["appid"] not in merchant.appids:
            raise V2Error("APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
        done = CALLS[path](call)
        told = {**common, "result_code": "SUCCESS", **done}
    except V2Error as error:
        told = {**common, "result_code": "FAIL", "err_code": error.code, "err_code_des": error.text}
    except PayError as error:
        code = CODES.get(error.code) or CODES.get(error.message, "ERROR")
        told = {**common, "result_code": "FAIL", "err_code": code, "err_code_des": error.message}
    filled = {
        "return_code": "SUCCESS",
        "return_msg": "OK",
        **{name: value for name, value in told.items() if value},
    }
    return {**filled, "sign": v2_xml.sign(filled, merchant.v2_key, method)}


def failed(text: str) -> Fields:
    return {"return_code": "FAIL", "return_msg": text}
