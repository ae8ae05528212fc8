"""The API v3 of refunds: applying, querying, and resolving abnormal ones (pay reference 5.3)."""

from __future__ import annotations

from typing import Any

from simulator.pay import moments, refunding, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.field_keys import check_sealed
from simulator.pay.ordering import check_address, digest
from simulator.pay.records.orders import Order
from simulator.pay.records.refunds import Refund, Turn
from simulator.pay.schema import Array, Number, Object, Text
from simulator.pay.state import Merchant

REFUNDS = "/v3/refund/domestic/refunds"
GOODS = Object(
    {
        "merchant_goods_id": Text(32, required=True),
        "wechatpay_goods_id": Text(32),
        "goods_name": Text(256),
        "unit_price": Number(0, required=True),
        "refund_amount": Number(0, required=True),
        "refund_quantity": Number(0, required=True),
    }
)
SOURCE = Object(
    {
        "account": Text(32, required=True, choices=("AVAILABLE", "UNAVAILABLE")),
        "amount": Number(required=True),
    }
)
REFUND = Object(
    {
        "sub_mchid": Text(32),
        "transaction_id": Text(32),
        "out_trade_no": Text(32),
        "out_refund_no": Text(64, required=True, pattern=r"[0-9A-Za-z_\-|*@]+"),
        "reason": Text(80),
        "notify_url": Text(256, 8),
        "funds_account": Text(32, choices=("AVAILABLE", "UNSETTLED")),
        "amount": Object(
            {
                "refund": Number(required=True),
                "total": Number(required=True),
                "currency": Text(16, required=True, choices=("CNY",)),
                "from": Array(SOURCE),
            },
            required=True,
        ),
        "goods_detail": Array(GOODS, 6000),
    }
)
ABNORMAL = Object(
    {
        "sub_mchid": Text(32),
        "out_refund_no": Text(64, required=True),
        "type": Text(32, required=True, choices=("USER_BANK_CARD", "MERCHANT_BANK_CARD")),
        "bank_type": Text(16),
        "bank_account": Text(1024),
        "real_name": Text(1024),
    }
)
A_SECOND, FAILING_A_SECOND = 150, 6


@pay_api("POST", REFUNDS)
def apply(call: Call) -> Answer:
    """Applies for a refund: 200 means accepted.

    Raises 429 after six failed requests in a second, or 150 successful ones.
    """
    rates, mchid = call.runtime.rates, call.merchant.mchid
    rates.check(f"refund failed {mchid}", FAILING_A_SECOND, call.now)
    rates.check(f"refund {mchid}", A_SECOND, call.now)
    try:
        answer = applied(call)
    except PayError:
        rates.count(f"refund failed {mchid}", call.now)
        raise
    rates.count(f"refund {mchid}", call.now)
    return answer


def applied(call: Call) -> dict[str, Any]:
    body, merchant = call.read(REFUND), call.merchant
    if "notify_url" in body:
        check_address(merchant, body["notify_url"])
    order, terms = wanted(call, body), digest(body)
    found = merchant.refunds.get(body["out_refund_no"])
    if found is not None:
        if found.terms != terms:
            raise PayError("INVALID_REQUEST", texts.OTHER_PARAMETERS)
        return described(merchant, found)
    amount = body["amount"]["refund"]
    refunding.check(merchant, order, amount, body["amount"]["total"], call.now)
    refund = refunding.accept(call.runtime, merchant, order, body["out_refund_no"], amount, terms)
    refund.reason, refund.notify_url = body.get("reason", ""), body.get("notify_url", "")
    return described(merchant, refund)


def wanted(call: Call, body: dict[str, Any]) -> Order:
    """Returns the order that a refund names.

    Raises PARAM_ERROR if it names none, RESOURCE_NOT_EXISTS if the order is unknown.
    """
    merchant, sub_mchid = call.merchant, body.get("sub_mchid", "")
    if sub_mchid:
        call.served(sub_mchid)
    if "transaction_id" not in body and "out_trade_no" not in body:
        raise wrong("/out_trade_no", None, "transaction_id or out_trade_no is needed")
    number = body.get("out_trade_no") or merchant.transactions.get(body.get("transaction_id", ""), "")
    order = merchant.orders.get(number)
    if order is None or not order.terms or order.sub_mchid != sub_mchid:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_ORDER)
    if body.get("transaction_id", order.transaction_id) != order.transaction_id:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_ORDER)
    return order


@pay_api("GET", f"{REFUNDS}/{{out_refund_no}}")
def query(call: Call) -> Answer:
    return described(call.merchant, known(call, call.path["out_refund_no"], call.query.get("sub_mchid", "")))


def known(call: Call, number: str, sub_mchid: str) -> Refund:
    """Returns the refund of this number. Raises RESOURCE_NOT_EXISTS."""
    refund = call.merchant.refunds.get(number)
    if refund is None or call.merchant.orders[refund.out_trade_no].sub_mchid != sub_mchid:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_REFUND)
    return refund


@pay_api("POST", f"{REFUNDS}/{{refund_id}}/apply-abnormal-refund")
def apply_abnormal(call: Call) -> Answer:
    """Retries an abnormal refund, to the user's bank card or to the merchant, who then pays the user.

    The card's number and its owner's name are encrypted.
    """
    body, merchant = call.read(ABNORMAL), call.merchant
    number = merchant.refund_ids.get(call.path["refund_id"])
    if number is None or number != body["out_refund_no"]:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_REFUND)
    refund = known(call, number, body.get("sub_mchid", ""))
    if body["type"] == "USER_BANK_CARD":
        check_card(call, body)
    if refund.status != "ABNORMAL":
        raise PayError("INVALID_REQUEST", texts.NOT_ABNORMAL)
    refund.received = refunding.CARD
    refund.turns.append(Turn("PROCESSING", call.now))
    refunding.start(call.runtime, merchant, refund)
    return described(merchant, refund)


def check_card(call: Call, body: dict[str, Any]) -> None:
    """Checks that the bank card is given, and that its encrypted fields can be decrypted.

    Raises PARAM_ERROR otherwise.
    """
    for name in ("bank_type", "bank_account", "real_name"):
        if name not in body:
            raise wrong(f"/{name}", None, "missing")
    check_sealed(call, body, "bank_account", "real_name")


def described(merchant: Merchant, refund: Refund) -> dict[str, Any]:
    order = merchant.orders[refund.out_trade_no]
    done = {"success_time": moments.rfc3339(refund.turns[-1].at)} if refund.status == "SUCCESS" else {}
    return {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": refund.received,
        **done,
        "create_time": moments.rfc3339(refund.made_at),
        "status": refund.status,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": order.total,
            "refund": refund.amount,
            "from": [],
            "payer_total": order.payer_total,
            "payer_refund": refund.payer_amount,
            "settlement_refund": refund.payer_amount,
            "settlement_total": order.payer_total,
            "discount_refund": refund.amount - refund.payer_amount,
            "currency": "CNY",
            "refund_fee": refund.fee,
        },
        "promotion_detail": [],
    }
