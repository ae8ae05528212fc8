"""The API of profit sharing: parts of a payment are passed on to others (分账)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.pay import sharing_ledger, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError
from simulator.pay.field_keys import check_sealed
from simulator.pay.ordering import digest, parties
from simulator.pay.records.orders import Order
from simulator.pay.records.sharing import Share, Sharing
from simulator.pay.sharing_receivers import key
from simulator.pay.sharing_shapes import SHARING, UNFREEZE, sharing_payload

SHARINGS = "/v3/profitsharing"
MOST_OF_AN_ORDER = 50


@pay_api("POST", f"{SHARINGS}/orders")
def share(call: Call) -> Answer:
    """Accepts a request to share an order; the shares are paid out shortly after.

    The same number with the same parameters is the same request.
    """
    body = call.read(SHARING)
    if body.get("receivers") or "appid" in body:
        parties(call, body)
    for each in body.get("receivers", []):
        if "name" in each:
            check_sealed(call, each, "name")
    terms = digest(
        {name: value for name, value in body.items() if name != "receivers"} | without_encrypted_names(body)
    )
    if (known := earlier_request(call, body["out_order_no"], terms)) is not None:
        return sharing_payload(known)
    order = sharable(call, body)
    check_receivers(call, body)
    amount = sum(each["amount"] for each in body.get("receivers", []))
    check_amount(call, order, amount)
    parts = [(each["type"], each["account"], each["amount"], each["description"])
             for each in body.get("receivers", [])]  # fmt: skip
    sharing = sharing_ledger.accept(call.runtime, call.merchant, order, body["out_order_no"], terms, parts)
    if body["unfreeze_unsplit"]:
        sharing_ledger.unfreeze(call.runtime, call.merchant, order, sharing)
    return sharing_payload(sharing)


def without_encrypted_names(body: dict[str, Any]) -> dict[str, Any]:
    """Returns the receivers without their encrypted names, which differ each time."""
    receivers = [
        {name: value for name, value in each.items() if name != "name"} for each in body.get("receivers", [])
    ]
    return {"receivers": receivers}


def earlier_request(call: Call, number: str, terms: str) -> Sharing | None:
    """Returns the earlier request of this number, if any. Raises INVALID_REQUEST if its terms differ."""
    known = call.merchant.sharings.get(number)
    if known is not None and known.terms != terms:
        raise PayError("INVALID_REQUEST", texts.OTHER_PARAMETERS)
    return known


def sharable(call: Call, body: dict[str, Any]) -> Order:
    """Returns the order to share. Raises PayError unless it was paid for sharing and is not settled yet."""
    order = of_transaction(call, body["transaction_id"], body.get("sub_mchid", ""))
    if not order.shared:
        raise PayError("INVALID_REQUEST", texts.NOT_SHARED)
    if not order.unsplit:
        raise PayError("INVALID_REQUEST", texts.SHARING_OVER)
    if sum(1 for _ in sharings_of(call, order)) >= MOST_OF_AN_ORDER:
        raise PayError("RULE_LIMIT", texts.TOO_MANY_SHARINGS)
    return order


def of_transaction(call: Call, transaction_id: str, sub_mchid: str) -> Order:
    """Returns the order with this transaction id. Raises NO_AUTH or RESOURCE_NOT_EXISTS."""
    if sub_mchid:
        call.served(sub_mchid)
    order = call.merchant.orders.get(call.merchant.transactions.get(transaction_id, ""))
    if order is None or order.sub_mchid != sub_mchid:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_ORDER)
    return order


def sharings_of(call: Call, order: Order) -> Iterator[Sharing]:
    return (each for each in call.merchant.sharings.values() if each.out_trade_no == order.out_trade_no)


def check_receivers(call: Call, body: dict[str, Any]) -> None:
    """Checks that all receivers were added before. Raises INVALID_REQUEST if one was not."""
    for each in body.get("receivers", []):
        if key(body.get("sub_mchid", ""), each["type"], each["account"]) not in call.merchant.receivers:
            raise PayError("INVALID_REQUEST", texts.NO_RECEIVER)


def check_amount(call: Call, order: Order, amount: int) -> None:
    """Checks the amount to be shared. Raises NOT_ENOUGH, or RULE_LIMIT if it exceeds the merchant's ratio."""
    if amount > order.unsplit:
        raise PayError("NOT_ENOUGH", texts.SHARE_TOO_LARGE)
    shares: Iterator[Share] = (each for sharing in sharings_of(call, order) for each in sharing.shares)
    before = sum(each.amount for each in shares if not each.is_rest and each.result != "CLOSED")
    payee = call.runtime.state.payee(call.merchant, order)
    if before + amount > order.payer_total * payee.sharing_ratio // 10_000:
        raise PayError("RULE_LIMIT", texts.RATIO_EXCEEDED)


@pay_api("GET", f"{SHARINGS}/orders/{{out_order_no}}")
def query(call: Call) -> Answer:
    transaction_id, sub_mchid = call.asked("transaction_id"), call.query.get("sub_mchid", "")
    found = call.merchant.sharings.get(call.path["out_order_no"])
    if found is None or (found.transaction_id, found.sub_mchid) != (transaction_id, sub_mchid):
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_SHARING)
    return sharing_payload(found)


@pay_api("POST", f"{SHARINGS}/orders/unfreeze")
def unfreeze(call: Call) -> Answer:
    """Releases the unshared rest of an order to the merchant."""
    body = call.read(UNFREEZE)
    terms = digest(body)
    if (known := earlier_request(call, body["out_order_no"], terms)) is not None:
        return sharing_payload(known)
    order = sharable(call, body)
    sharing = sharing_ledger.accept(call.runtime, call.merchant, order, body["out_order_no"], terms, [])
    sharing_ledger.unfreeze(call.runtime, call.merchant, order, sharing, body["description"])
    return sharing_payload(sharing)


@pay_api("GET", f"{SHARINGS}/transactions/{{transaction_id}}/amounts")
def amounts(call: Call) -> Answer:
    order = call.merchant.orders.get(call.merchant.transactions.get(call.path["transaction_id"], ""))
    if order is None:
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_ORDER)
    return {"transaction_id": order.transaction_id, "unsplit_amount": order.unsplit}


@pay_api("GET", f"{SHARINGS}/merchant-configs/{{sub_mchid}}")
def ratio(call: Call) -> Answer:
    """Returns the maximal sharing ratio of a merchant, to the service provider that serves it."""
    served = call.served(call.path["sub_mchid"])
    return {"sub_mchid": served.mchid, "max_ratio": served.sharing_ratio}
