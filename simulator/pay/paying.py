"""A person pays: what may stand in the way, and what changes when nothing does (pay reference 4.2,
4.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from simulator.pay import moments
from simulator.pay.notices import tell_paid
from simulator.pay.runtime import Runtime
from simulator.pay.state import H5_LIFE, PREPAY_LIFE, Merchant, Movement, Order
from simulator.user_actions import ImpossibleError
from simulator.world import openid_of

BALANCE = "OTHERS"
CREDIT, DEBIT = "CMB_CREDIT", "ICBC_DEBIT"
BANKS = (BALANCE, CREDIT, DEBIT)
FORBIDDEN = {
    "no_balance": (BALANCE,),
    "no_credit": (CREDIT,),
    "no_debit": (DEBIT,),
    "balance_only": (CREDIT, DEBIT),
}


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody on a phone, whose openid depends on the account, or an openid of which no more is known."""

    person: str = ""
    openid: str = ""

    def openid_at(self, appid: str) -> str:
        return self.openid or openid_of(appid, self.person)

    @property
    def wallet(self) -> str:
        return self.person or self.openid


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be paid, and to whom."""

    merchant: Merchant
    order: Order


def find(runtime: Runtime, token: str) -> Bill:
    """By prepay_id, code_url or h5_url. Raises ImpossibleError when it is unknown or too old."""
    if "prepay_id=" in token:
        token = parse_qs(urlsplit(token).query or token)["prepay_id"][0]
    prepay = runtime.state.prepays.get(token)
    if prepay is None:
        raise ImpossibleError("there is no such prepay_id or code")
    merchant = runtime.state.merchants[prepay.mchid]
    order = merchant.orders[prepay.out_trade_no]
    life = H5_LIFE if order.trade_type == "MWEB" else PREPAY_LIFE
    if runtime.world.now >= prepay.made_at + life:
        raise ImpossibleError(f"the prepay_id is older than {life // 60} minutes")
    return Bill(merchant, order)


def check_open(order: Order, payer: Payer, now: float) -> None:
    """Raises ImpossibleError when this order cannot be paid by this person now."""
    state = order.state_at(now)
    if state in ("SUCCESS", "REFUND"):
        raise ImpossibleError("the order is paid already")
    if state == "CLOSED":
        raise ImpossibleError("the order is closed")
    if now >= order.ends_at:
        raise ImpossibleError("the order has run out")
    if order.openid and order.openid != payer.openid_at(order.appid):
        raise ImpossibleError("the order belongs to somebody else")


def money(runtime: Runtime, payer: Payer) -> int:
    return runtime.state.wallets.get(payer.wallet, runtime.state.settings.wallet)


def pay(runtime: Runtime, bill: Bill, payer: Payer, bank: str = BALANCE, coupon: int = 0) -> None:
    """Raises ImpossibleError when the bank is none, the order forbids it, or the money does not suffice."""
    order = bill.order
    if bank not in BANKS:
        raise ImpossibleError(f"there is no bank {bank}; known are {', '.join(BANKS)}")
    if not takes(order, bank):
        raise ImpossibleError("the merchant does not take this way of paying")
    if not 0 <= coupon < order.total:
        raise ImpossibleError("a coupon is worth less than the order")
    if bank == BALANCE:
        left = money(runtime, payer) - (order.total - coupon)
        if left < 0:
            raise ImpossibleError("there is not enough money")
        runtime.state.wallets[payer.wallet] = left
    order.wallet = payer.wallet
    book_payment(runtime, bill.merchant, order, payer.openid_at(order.appid), bank, coupon)
    tell_paid(runtime, bill.merchant, order)


def takes(order: Order, bank: str) -> bool:
    return not any(bank in FORBIDDEN[limit] for limit in order.limits)


def book_payment(
    runtime: Runtime, merchant: Merchant, order: Order, openid: str, bank: str, coupon: int
) -> None:
    now = runtime.world.now
    number = runtime.world.next_number()
    order.state, order.paid_at, order.payer, order.bank, order.coupon = "SUCCESS", now, openid, bank, coupon
    order.transaction_id = transaction_number(now, number)
    order.fee = fee_of(order.payer_total, merchant.fee_rate)
    merchant.transactions[order.transaction_id] = order.out_trade_no
    merchant.balance += order.payer_total - order.fee
    merchant.movements.append(
        Movement(
            now,
            order.transaction_id,
            order.transaction_id,
            "交易",
            order.payer_total - order.fee,
            merchant.balance,
            order.payer_total,
            order.fee,
            order.out_trade_no,
        )
    )
    runtime.world.changes += 1


def transaction_number(now: float, number: int) -> str:
    """28 digits, as the platform's are."""
    return f"4200002601{moments.compact(now)[:8]}{number:010d}"


def fee_of(amount: int, rate: int) -> int:
    """In fen, halves rounded up; `rate` is in 1/10,000."""
    return (amount * rate + 5_000) // 10_000
