"""The API of merchants' balances, now and at the end of a day (pay reference 7)."""

from __future__ import annotations

from simulator.pay import moments, texts
from simulator.pay.bills import ACCOUNTS
from simulator.pay.calls import Answer, Call, pay_api
from simulator.pay.errors import PayError, wrong
from simulator.pay.trade_bill import DAY

FUND = "/v3/merchant/fund"


def account(call: Call) -> str:
    """Returns the account that the path names. Raises PARAM_ERROR if it is unknown."""
    kind = call.path["account_type"]
    if kind not in ACCOUNTS:
        raise wrong("account_type", kind, f"must be one of {', '.join(ACCOUNTS)}", "path")
    return kind


@pay_api("GET", f"{FUND}/balance/{{account_type}}")
def balance(call: Call) -> Answer:
    """Returns the balance of an account; only BASIC can have money in the simulator.

    ``pending_amount`` is the money of unconfirmed transfers, and money that waits for profit sharing.
    """
    merchant = call.merchant
    if account(call) != "BASIC":
        return {"available_amount": 0, "pending_amount": 0}
    return {"available_amount": merchant.available, "pending_amount": merchant.balance - merchant.available}


@pay_api("GET", f"{FUND}/dayendbalance/{{account_type}}")
def balance_of_day(call: Call) -> Answer:
    """Returns the balance at the end of a day. Raises INVALID_REQUEST for an invalid or unfinished day."""
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
