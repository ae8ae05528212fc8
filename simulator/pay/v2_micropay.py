"""The old API of payments by payment code, and of their reversal (付款码支付)."""

from __future__ import annotations

from simulator.pay import ordering, texts
from simulator.pay.code_payments import check_again, reverse_order
from simulator.pay.errors import PayError
from simulator.pay.payment_codes import TRADE_TYPE, charge
from simulator.pay.records.orders import ORDER_LIFE, Order
from simulator.pay.v2_answers import old_code
from simulator.pay.v2_calls import Fields, V2Call, V2Error, old_api
from simulator.pay.v2_orders import paid_fields

NEEDED = ("appid", "mch_id", "body", "out_trade_no", "total_fee", "spbill_create_ip", "auth_code")
LONGEST = {"body": 128, "attach": 127, "out_trade_no": 32, "spbill_create_ip": 64, "auth_code": 128}
PASSING = ("nonce_str", "sign")


@old_api("/pay/micropay")
def micropay(call: V2Call) -> Fields:
    """Charges the payer of a code. Raises USERPAYING if the payer has to enter the password."""
    call.need(*NEEDED)
    call.check_lengths(LONGEST)
    fields, total = call.fields, call.amount("total_fee")
    terms = ordering.digest({name: fields[name] for name in fields if name not in PASSING})
    order = call.merchant.orders.get(fields["out_trade_no"])
    if order is None:
        order = new_order(call, total, terms)
        charge(call.runtime, call.merchant, order, fields["auth_code"])
    else:
        check_again(call.runtime, order, terms, call.now)
    if order.state == "USERPAYING":
        raise V2Error("USERPAYING", texts.USER_PAYING)
    return {
        "is_subscribe": "N",
        "total_fee": str(order.total),
        "out_trade_no": order.out_trade_no,
        "attach": order.attach,
        "device_info": order.device,
        **paid_fields(order),
    }


def new_order(call: V2Call, total: int, terms: str) -> Order:
    fields = call.fields
    return Order(
        out_trade_no=fields["out_trade_no"],
        appid=fields["appid"],
        trade_type=TRADE_TYPE,
        total=total,
        terms=terms,
        description=fields["body"],
        attach=fields.get("attach", ""),
        device=fields.get("device_info", ""),
        limits=[fields["limit_pay"]] if fields.get("limit_pay") else [],
        shared=fields.get("profit_sharing") == "Y",
        v2=call.method,
        made_at=call.now,
        ends_at=call.now + ORDER_LIFE,
    )


@old_api("/secapi/pay/reverse", certificate=True)
def reverse(call: V2Call) -> Fields:
    """Reverses an order. The answer says whether to call again, which is never needed here."""
    try:
        reverse_order(call.runtime, call.merchant, call.order())
    except PayError as error:
        raise V2Error(old_code(error), error.message, {"recall": "N"}) from error
    except V2Error as error:
        raise V2Error(error.code, error.text, {"recall": "N"}) from error
    return {"recall": "N"}
