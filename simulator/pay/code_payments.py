"""The API of payments by payment code, and of their reversal (付款码支付)."""

from __future__ import annotations

from typing import Any

from simulator.pay import order_payloads, refunding, texts
from simulator.pay.calls import Answer, Call, Reply, pay_api
from simulator.pay.errors import PayError
from simulator.pay.order_shapes import CODEPAY, PARTNER_CODEPAY, PARTNER_REVERSE, REVERSE
from simulator.pay.ordering import check_detail, check_repeat, digest, new_order, parties
from simulator.pay.payment_codes import TRADE_TYPE, charge
from simulator.pay.records.orders import ORDER_LIFE, Order
from simulator.pay.runtime import Runtime
from simulator.pay.schema import Object
from simulator.pay.state import Merchant

DIRECT, PARTNER = "/v3/pay/transactions", "/v3/pay/partner/transactions"
REVERSIBLE = 7 * 86_400


@pay_api("POST", f"{DIRECT}/codepay", strict=False)
def codepay(call: Call) -> Answer:
    return paid_by_code(call, CODEPAY)


@pay_api("POST", f"{PARTNER}/codepay", strict=False)
def partner_codepay(call: Call) -> Answer:
    return paid_by_code(call, PARTNER_CODEPAY)


def paid_by_code(call: Call, shape: Object) -> Answer:
    """Charges the payer of a code; returns the order, or 202 USERPAYING if the password is needed."""
    body, merchant = call.read(shape), call.merchant
    check_detail(body)
    terms = digest(body)
    order = merchant.orders.get(body["out_trade_no"])
    if order is None:
        order = new_order(body, parties(call, body), TRADE_TYPE, terms)
        order.made_at, order.ends_at = call.now, call.now + ORDER_LIFE
        charge(call.runtime, merchant, order, body["payer"]["auth_code"])
    else:
        check_again(call.runtime, order, terms, call.now)
    if order.state == "USERPAYING":
        return Reply(202, {"code": "USERPAYING", "message": texts.USER_PAYING})
    return order_payloads.description(merchant, order, call.now)


def check_again(runtime: Runtime, order: Order, terms: str, now: float) -> None:
    """Checks that a repeated order still waits for its payment and has the same terms. Raises PayError."""
    state = order.state_at(now)
    if state == "REVOKED":
        raise PayError("ORDER_REVERSED")
    if state == "PAYERROR":
        raise PayError("ORDER_CLOSED")
    check_repeat(runtime, order, terms, now)


@pay_api("POST", f"{DIRECT}/out-trade-no/{{out_trade_no}}/reverse", strict=False)
def reverse(call: Call) -> Answer:
    return reversed_order(call, call.read(REVERSE))


@pay_api("POST", f"{PARTNER}/out-trade-no/{{out_trade_no}}/reverse", strict=False)
def partner_reverse(call: Call) -> Answer:
    return reversed_order(call, call.read(PARTNER_REVERSE))


def reversed_order(call: Call, body: dict[str, Any]) -> Answer:
    parties(call, body)
    order = call.merchant.orders.get(call.path["out_trade_no"])
    if order is None or not order.terms or order.sub_mchid != body.get("sub_mchid", ""):
        raise PayError("ORDER_NOT_EXIST")
    reverse_order(call.runtime, call.merchant, order)
    return {**order_payloads.identities(call.merchant, order), "out_trade_no": order.out_trade_no}


def reverse_order(runtime: Runtime, merchant: Merchant, order: Order) -> None:
    """Reverses an order: closes an unpaid one, refunds a paid one. Idempotent. Raises PayError."""
    if order.trade_type != TRADE_TYPE:
        raise PayError("INVALID_REQUEST", texts.NOT_BY_CODE)
    if order.state == "REVOKED":
        return
    now = runtime.world.now
    if order.paid_at:
        if now >= order.paid_at + REVERSIBLE:
            raise PayError("INVALID_REQUEST", texts.TOO_LATE_TO_REVERSE)
        refunding.check(merchant, order, order.total, order.total, now)
        refunding.reverse(runtime, merchant, order)
    order.state = "REVOKED"
    runtime.world.changes += 1
