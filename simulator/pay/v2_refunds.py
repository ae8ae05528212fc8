"""The old API of refunds (pay reference 8)."""

from __future__ import annotations

from simulator.pay import moments, ordering, refunding, texts, v2_notifications
from simulator.pay.records.refunds import Refund
from simulator.pay.v2_calls import Fields, V2Call, V2Error, old_api


@old_api("/secapi/pay/refund", certificate=True)
def refund(call: V2Call) -> Fields:
    call.need("out_refund_no", "total_fee", "refund_fee")
    order, number = call.order(), call.fields["out_refund_no"]
    amount, total = call.amount("refund_fee"), call.amount("total_fee")
    terms = ordering.digest({"order": order.out_trade_no, "amount": amount, "total": total})
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


@old_api("/pay/refundquery")
def refund_query(call: V2Call) -> Fields:
    found = asked_refunds(call)
    if not found:
        raise V2Error("REFUNDNOTEXIST", "退款单不存在")
    order = call.merchant.orders[found[0].out_trade_no]
    answer = {
        "transaction_id": order.transaction_id,
        "out_trade_no": order.out_trade_no,
        "total_fee": str(order.total),
        "cash_fee": str(order.payer_total),
        "refund_count": str(len(found)),
    }
    for place, each in enumerate(found):
        answer |= {f"{name}_{place}": value for name, value in refund_fields(each).items() if value}
    return answer


def asked_refunds(call: V2Call) -> list[Refund]:
    merchant, fields = call.merchant, call.fields
    number = fields.get("out_refund_no") or merchant.refund_ids.get(fields.get("refund_id", ""), "")
    if number or fields.get("refund_id"):
        return [merchant.refunds[number]] if number in merchant.refunds else []
    return list(merchant.refunds_of(call.order()))


def refund_fields(each: Refund) -> Fields:
    return {
        "out_refund_no": each.out_refund_no,
        "refund_id": each.refund_id,
        "refund_channel": "ORIGINAL",
        "refund_fee": str(each.amount),
        "refund_status": v2_notifications.STATES.get(each.status, each.status),
        "refund_recv_accout": each.received,
        "refund_success_time": moments.in_bill(each.turns[-1].at) if each.status == "SUCCESS" else "",
    }
