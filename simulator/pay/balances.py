"""A merchant's money: now, and when a day ended (pay reference 7)."""

from __future__ import annotations

from simulator.pay import moments, texts
from simulator.pay.bills import ACCOUNTS
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.trade_bill import DAY

FUND = "/v3/merchant/fund"


def account(call: Call) -> str:
    """Returns the account that the path names. Raises PARAM_ERROR for one there is not."""
    kind = call.path["account_type"]
    if kind not in ACCOUNTS:
        raise wrong("account_type", kind, f"must be one of {', '.join(ACCOUNTS)}", "path")
    return kind


@pay_api("GET", f"{FUND}/balance/{{account_type}}")
def balance(call: Call) -> Answer:
    """Returns the balance of an account; only BASIC ever holds anything here.

    `pending_amount` is what users may still confirm to have, or what waits for being shared.
    """
    merchant = call.merchant
    if account(call) != "BASIC":
        return {"available_amount": 0, "pending_amount": 0}
    return {"available_amount": merchant.available, "pending_amount": merchant.balance - merchant.available}


@pay_api("GET", f"{FUND}/dayendbalance/{{account_type}}")
def balance_of_day(call: Call) -> Answer:
    """Returns the balance at the end of a day. Raises INVALID_REQUEST for no day, or one that is not over."""
    kind = account(call)
    try:
        end = moments.start_of(call.asked("date")) + DAY
    except ValueError:
        raise PayError("INVALID_REQUEST", texts.BAD_DATE) from None
    if call.now < end:
        raise PayError("INVALID_REQUEST", texts.BAD_DATE)
    later = sum(each.change for each in call.merchant.movements if each.at >= end)
    amount = call.merchant.balance - later if kind == "BASIC" else 0
    return {"available_amount": amount, "pending_amount": 0}
