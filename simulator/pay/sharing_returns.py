"""The API of returns of shares, before a refund (分账回退)."""

from __future__ import annotations

from typing import Any

from simulator.pay import moments, sharing_ledger, texts
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.ordering import digest
from simulator.pay.records.sharing import Sharing, SharingReturn
from simulator.pay.sharing_shapes import RETURN, return_payload

RETURNS = "/v3/profitsharing/return-orders"


@pay_api("POST", RETURNS)
def return_share(call: Call) -> Answer:
    """Returns a share immediately; the result is FAILED if the receiver does not have enough money."""
    body, merchant = call.read(RETURN), call.merchant
    terms = digest(body)
    known = merchant.sharing_returned.get(body["out_return_no"])
    if known is not None:
        if known.terms != terms:
            raise PayError("INVALID_REQUEST", texts.OTHER_PARAMETERS)
        return return_payload(known)
    sharing = named_sharing(call, body)
    check(call, sharing, body)
    made = SharingReturn(
        body["out_return_no"],
        f"3009{moments.compact(call.now)[:8]}{call.runtime.world.next_number():016d}",
        sharing.out_order_no,
        sharing.order_id,
        sharing.transaction_id,
        body["return_mchid"],
        sharing.sub_mchid,
        body["amount"],
        body["description"],
        terms,
        call.now,
    )
    merchant.sharing_returned[made.out_return_no] = made
    if call.runtime.state.merchants[made.return_mchid].available < made.amount:
        made.result, made.fail_reason = "FAILED", "BALANCE_NOT_ENOUGH"
    else:
        sharing_ledger.return_share(call.runtime, merchant, sharing, made)
    call.runtime.world.changes += 1
    return return_payload(made)


def named_sharing(call: Call, body: dict[str, Any]) -> Sharing:
    """Returns the sharing that a return names, by either number. Raises PARAM_ERROR, RESOURCE_NOT_EXISTS."""
    number, order_id = body.get("out_order_no"), body.get("order_id")
    if not (number or order_id):
        raise wrong("/out_order_no", None, "order_id or out_order_no is needed")
    for each in call.merchant.sharings.values():
        named = number in (None, each.out_order_no) and order_id in (None, each.order_id)
        if named and each.sub_mchid == body.get("sub_mchid", ""):
            return each
    raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_SHARING)


def check(call: Call, sharing: Sharing, body: dict[str, Any]) -> None:
    """Checks the amount of a return, and that the receiver agreed to returns.

    Raises INVALID_REQUEST if the amount exceeds the share, NO_AUTH if the receiver did not agree.
    """
    shares = sharing_ledger.returnable(sharing, body["return_mchid"])
    if body["amount"] > sum(each.amount - each.returned for each in shares):
        raise PayError("INVALID_REQUEST", texts.RETURN_TOO_LARGE)
    if not call.runtime.state.merchants[body["return_mchid"]].sharing_returns:
        raise PayError("NO_AUTH", texts.NO_RETURNS)


@pay_api("GET", f"{RETURNS}/{{out_return_no}}")
def query(call: Call) -> Answer:
    number, sub_mchid = call.asked("out_order_no"), call.query.get("sub_mchid", "")
    found = call.merchant.sharing_returned.get(call.path["out_return_no"])
    if found is None or (found.out_order_no, found.sub_mchid) != (number, sub_mchid):
        raise PayError("RESOURCE_NOT_EXISTS", texts.NO_SUCH_RETURN)
    return return_payload(found)
