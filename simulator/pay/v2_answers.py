"""The processing of calls of the old API, from XML to XML (pay reference 8)."""

from __future__ import annotations

from simulator.pay import sealing, texts, v2_xml
from simulator.pay.errors import PayError
from simulator.pay.runtime import Runtime
from simulator.pay.v2_calls import Fields, OldApi, V2Call, V2Error

CODES = {
    "ORDER_PAID": "ORDERPAID",
    "ORDER_CLOSED": "ORDERCLOSED",
    "ORDER_REVERSED": "ORDERREVERSED",
    "ORDER_NOT_EXIST": "ORDERNOTEXIST",
    "OUT_TRADE_NO_USED": "OUT_TRADE_NO_USED",
    "NOT_ENOUGH": "NOTENOUGH",
    "AUTH_CODE_EXPIRE": "AUTHCODEEXPIRE",
    "AUTH_CODE_INVALID": "AUTH_CODE_INVALID",
    texts.NOT_PAID: "TRADE_STATE_ERROR",
    texts.TOO_LATE: "TRADE_OVERDUE",
    texts.TOO_LATE_TO_REVERSE: "REVERSE_EXPIRE",
    texts.NOT_BY_CODE: "TRADE_STATE_ERROR",
}


ANYBODY = "*"
BAD_CERTIFICATE = "证书验证失败"


class InvalidCallError(Exception):
    """An error: a call is malformed or not signed correctly; the message is the platform's."""


def parse_call(runtime: Runtime, body: bytes, merchant_field: str = "mch_id") -> V2Call:
    """Returns the call of an XML body signed by its merchant. Raises InvalidCallError."""
    try:
        fields = v2_xml.read(body)
    except v2_xml.BadXmlError:
        raise InvalidCallError("XML格式错误" if body else "POST数据为空") from None
    merchant = runtime.state.merchants.get(fields.get(merchant_field, ""))
    if merchant is None or not merchant.v2_key:
        wrong = f"{merchant_field}参数格式错误"
        raise InvalidCallError(wrong if merchant is None else "商户未设置APIv2密钥")
    method = fields.get("sign_type") or "MD5"
    if method not in v2_xml.METHODS or not v2_xml.is_signed(fields, merchant.v2_key, method):
        raise InvalidCallError("签名错误")
    return V2Call(runtime, merchant, fields, method)


def full_answer(call: V2Call, api: OldApi, outcome: Fields) -> Fields:
    """Returns the whole answer to a valid call.

    return_code says that the call is valid, result_code whether it succeeded.
    """
    merchant = call.merchant
    common = {
        api.appid_field: call.fields.get(api.appid_field, ""),
        api.merchant_field: merchant.mchid,
        "nonce_str": sealing.nonce(16),
    }
    filled = {"return_code": "SUCCESS", "return_msg": "OK", **common, **outcome}
    filled = {name: value for name, value in filled.items() if value}
    if not api.signed:
        return filled
    return {**filled, "sign": v2_xml.sign(filled, merchant.v2_key, call.method)}


def perform(call: V2Call, api: OldApi) -> Fields:
    """Performs a call; returns the fields of its result or error."""
    try:
        if call.fields.get(api.appid_field, "") not in call.merchant.appids:
            raise V2Error("APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")
        return {"result_code": "SUCCESS", **api.handler(call)}
    except V2Error as error:
        return refused(error.code, error.text, error.fields)
    except PayError as error:
        return refused(old_code(error), error.message)


def old_code(error: PayError) -> str:
    """Returns the old API's code of an error."""
    return CODES.get(error.code) or CODES.get(error.message, "ERROR")


def refused(code: str, text: str, fields: Fields | None = None) -> Fields:
    return {"result_code": "FAIL", "err_code": code, "err_code_des": text, **(fields or {})}


def failed(text: str) -> Fields:
    return {"return_code": "FAIL", "return_msg": text}
