"""The notifications of the old API, in XML (pay reference 8.3)."""

from __future__ import annotations

from simulator.pay import moments, sealing, v2_xml
from simulator.pay.records.orders import Order
from simulator.pay.records.refunds import Refund
from simulator.pay.state import Merchant

STATES = {"SUCCESS": "SUCCESS", "ABNORMAL": "CHANGE", "CLOSED": "REFUNDCLOSE"}


def paid(merchant: Merchant, order: Order) -> str:
    """Returns the notification of a payment, signed with the order's method, without its name."""
    fields = {
        "appid": order.appid,
        "attach": order.attach,
        "bank_type": order.bank,
        "cash_fee": str(order.payer_total),
        "fee_type": "CNY",
        "is_subscribe": "Y",
        "mch_id": merchant.mchid,
        "nonce_str": sealing.nonce(),
        "openid": order.payer,
        "out_trade_no": order.out_trade_no,
        "result_code": "SUCCESS",
        "return_code": "SUCCESS",
        "time_end": moments.compact(order.paid_at),
        "total_fee": str(order.total),
        "trade_type": order.trade_type,
        "transaction_id": order.transaction_id,
        **coupon_fields(order),
    }
    filled = {name: value for name, value in fields.items() if value}
    return v2_xml.write({**filled, "sign": v2_xml.sign(filled, merchant.v2_key, order.v2)})


def coupon_fields(order: Order) -> dict[str, str]:
    if not order.coupon:
        return {}
    fee = str(order.coupon)
    return {
        "coupon_fee": fee,
        "coupon_count": "1",
        "coupon_id_0": f"2{order.transaction_id[-12:]}",
        "coupon_fee_0": fee,
        "settlement_total_fee": str(order.payer_total),
    }


def refunded(merchant: Merchant, order: Order, refund: Refund) -> str:
    inner = {
        "out_refund_no": refund.out_refund_no,
        "out_trade_no": order.out_trade_no,
        "refund_account": "REFUND_SOURCE_RECHARGE_FUNDS",
        "refund_fee": str(refund.amount),
        "refund_id": refund.refund_id,
        "refund_recv_accout": refund.received,
        "refund_request_source": "API" if refund.terms else "VENDOR_PLATFORM",
        "refund_status": STATES[refund.status],
        "settlement_refund_fee": str(refund.payer_amount),
        "settlement_total_fee": str(order.payer_total),
        "success_time": moments.in_bill(refund.turns[-1].at) if refund.status == "SUCCESS" else "",
        "total_fee": str(order.total),
        "transaction_id": order.transaction_id,
    }
    sealed = sealing.seal_v2(v2_xml.write(inner, "root").encode(), merchant.v2_key)
    return v2_xml.write(
        {
            "return_code": "SUCCESS",
            "appid": order.appid,
            "mch_id": merchant.mchid,
            "nonce_str": sealing.nonce(),
            "req_info": sealed,
        }
    )
