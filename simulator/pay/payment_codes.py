"""The payment codes that people show to a cashier, and payments by them."""

from __future__ import annotations

import secrets

from simulator.pay import ordering, texts
from simulator.pay.errors import PayError
from simulator.pay.paying import BALANCE, Bill, Payer, check_open, pay
from simulator.pay.records.orders import Order, PaymentCode
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant
from simulator.user_actions import ImpossibleError

LIFE = 60
DIGITS = 18
FIRST = ("10", "11", "12", "13", "14", "15")
TRADE_TYPE = "MICROPAY"


def new_code(runtime: Runtime, payer: Payer, bank: str = BALANCE, *, password: bool = False) -> PaymentCode:
    """Creates a payment code of the payer.

    With ``password`` the payment waits for the password, whatever the amount.
    """
    now = runtime.world.now
    codes = runtime.state.payment_codes
    for old in [each.code for each in codes.values() if now >= each.made_at + LIFE]:
        del codes[old]
    digits = f"{secrets.choice(FIRST)}{secrets.randbelow(10 ** (DIGITS - 2)):0{DIGITS - 2}d}"
    codes[digits] = PaymentCode(digits, payer.person, payer.openid, bank, password, now)
    return codes[digits]


def scanned(runtime: Runtime, digits: str) -> PaymentCode:
    """Returns the payment code of these digits.

    Raises AUTH_CODE_INVALID if it is not a code, AUTH_CODE_EXPIRE if it expired or was used.
    """
    if len(digits) != DIGITS or not digits.isdecimal() or digits[:2] not in FIRST:
        raise PayError("AUTH_CODE_INVALID")
    code = runtime.state.payment_codes.get(digits)
    if code is None or code.used or runtime.world.now >= code.made_at + LIFE:
        raise PayError("AUTH_CODE_EXPIRE")
    return code


def charge(runtime: Runtime, merchant: Merchant, order: Order, digits: str) -> bool:
    """Pays the order and returns True, or returns False if it waits for the password.

    Raises NOT_ENOUGH if the payer's money does not suffice; the order is not kept then, but the code is used.
    """
    code, settings = scanned(runtime, digits), runtime.state.settings
    code.used = True
    order.trade_type = TRADE_TYPE
    payer, bill = Payer(code.person, code.openid), Bill(merchant, order)
    if code.password or order.total > settings.password_above:
        order.state, order.ends_at = "USERPAYING", runtime.world.now + settings.password_seconds
        order.wallet, order.bank = payer.wallet, code.bank
        ordering.prepaid(runtime, merchant, order)
        add_order(runtime, merchant, order)
        return False
    try:
        check_open(order, payer, runtime.world.now)
        pay(runtime, bill, payer, code.bank)
    except ImpossibleError as error:
        raise PayError("NOT_ENOUGH", texts.USER_MONEY) from error
    add_order(runtime, merchant, order)
    return True


def add_order(runtime: Runtime, merchant: Merchant, order: Order) -> None:
    merchant.orders[order.out_trade_no] = order
    runtime.world.changes += 1


def waiting(runtime: Runtime, person: str) -> str:
    """Returns the prepay_id of the payment that waits for this person's password; empty without one."""
    now = runtime.world.now
    for token, prepay in reversed(runtime.state.prepays.items()):
        if prepay.combined or now - prepay.made_at > LIFE:
            continue
        order = runtime.state.merchants[prepay.mchid].orders.get(prepay.out_trade_no)
        if order and order.wallet == person and order.state_at(now) == "USERPAYING":
            return token
    return ""


def cancel_waiting(bill: Bill, person: str) -> None:
    """Cancels a payment that waits for the payer's password. Raises ImpossibleError if it does not wait."""
    if bill.order.state != "USERPAYING" or bill.order.wallet != person:
        raise ImpossibleError("nothing waits for the password")
    bill.order.state = "PAYERROR"
