"""The payment of an order by a person: its checks and its effects (pay reference 4.2, 4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from simulator.pay import moments
from simulator.pay.notifications import notify_combined, notify_paid
from simulator.pay.records.money import Movement
from simulator.pay.records.orders import H5_LIFE, PREPAY_LIFE, CombinedOrder, Order
from simulator.pay.runtime import Runtime
from simulator.pay.state import Merchant
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
    """A payer: a person, whose openid depends on the account, or a single openid."""

    person: str = ""
    openid: str = ""

    def openid_at(self, appid: str) -> str:
        return self.openid or openid_of(appid, self.person)

    def sub_openid_at(self, appid: str) -> str:
        """Returns the payer's openid with an account, who may be given by an openid of another one."""
        return openid_of(appid, self.wallet)

    @property
    def wallet(self) -> str:
        return self.person or self.openid


@dataclass(frozen=True, slots=True)
class Bill:
    """The order to be paid (the head of a combined order), and the merchant who placed it."""

    merchant: Merchant
    order: Order
    combined: CombinedOrder | None = None


def find(runtime: Runtime, token: str) -> Bill:
    """Returns the order of a prepay_id, code_url or h5_url.

    Raises ImpossibleError if the token is unknown or expired.
    """
    if "prepay_id=" in token:
        token = parse_qs(urlsplit(token).query or token)["prepay_id"][0]
    prepay = runtime.state.prepays.get(token)
    if prepay is None:
        raise ImpossibleError("there is no such prepay_id or code")
    merchant = runtime.state.merchants[prepay.mchid]
    bill = bill_of(merchant, prepay.out_trade_no, combined=prepay.combined)
    life = H5_LIFE if bill.order.trade_type == "MWEB" else PREPAY_LIFE
    if runtime.world.now >= prepay.made_at + life:
        raise ImpossibleError(f"the prepay_id is older than {life // 60} minutes")
    return bill


def bill_of(merchant: Merchant, number: str, *, combined: bool) -> Bill:
    if not combined:
        return Bill(merchant, merchant.orders[number])
    found = merchant.combined[number]
    return Bill(merchant, found.head, found)


def check_open(order: Order, payer: Payer, now: float) -> None:
    """Checks that this payer can pay the order now. Raises ImpossibleError."""
    state = order.state_at(now)
    if state in ("PAYERROR", "REVOKED"):
        raise ImpossibleError("the order is closed")
    if state == "USERPAYING" and order.wallet != payer.wallet:
        raise ImpossibleError("the order belongs to somebody else")
    if state in ("SUCCESS", "REFUND"):
        raise ImpossibleError("the order is paid already")
    if state == "CLOSED":
        raise ImpossibleError("the order is closed")
    if now >= order.ends_at:
        raise ImpossibleError("the order has run out")
    if order.openid and order.openid != payer.openid_at(order.appid):
        raise ImpossibleError("the order belongs to somebody else")
    if order.sub_openid and order.sub_openid not in (payer.openid, payer.sub_openid_at(order.sub_appid)):
        raise ImpossibleError("the order belongs to somebody else")


def money(runtime: Runtime, payer: Payer) -> int:
    return runtime.state.wallets.get(payer.wallet, runtime.state.settings.wallet)


def pay(runtime: Runtime, bill: Bill, payer: Payer, bank: str = BALANCE, coupon: int = 0) -> None:
    """Pays an order, or all orders of a combined order.

    Raises ImpossibleError if the bank is unknown, the order forbids it, or the money does not suffice.
    """
    order = bill.order
    if bank not in BANKS:
        raise ImpossibleError(f"there is no bank {bank}; known are {', '.join(BANKS)}")
    if not takes(order, bank):
        raise ImpossibleError("the merchant does not take this way of paying")
    if not 0 <= coupon < order.total:
        raise ImpossibleError("a coupon is worth less than the order")
    if coupon and bill.combined:
        raise ImpossibleError("a coupon is for one order, not for a combined one")
    if bank == BALANCE:
        left = money(runtime, payer) - (order.total - coupon)
        if left < 0:
            raise ImpossibleError("there is not enough money")
        runtime.state.wallets[payer.wallet] = left
    if bill.combined:
        book_combined(runtime, bill.combined, payer, bank)
        notify_combined(runtime, bill.merchant, bill.combined)
    else:
        book_payment(runtime, bill.merchant, order, payer, bank, coupon)
        notify_paid(runtime, bill.merchant, order)


def takes(order: Order, bank: str) -> bool:
    return not any(bank in FORBIDDEN[limit] for limit in order.limits)


def book_combined(runtime: Runtime, combined: CombinedOrder, payer: Payer, bank: str) -> None:
    """Books the payment of a combined order, as one payment for each of its orders."""
    mark_paid(runtime, combined.head, payer, bank, 0)
    for each in combined.subs:
        owner = runtime.state.merchants[each.mchid]
        book_payment(runtime, owner, owner.orders[each.out_trade_no], payer, bank, 0)


def book_payment(
    runtime: Runtime, merchant: Merchant, order: Order, payer: Payer, bank: str, coupon: int
) -> None:
    mark_paid(runtime, order, payer, bank, coupon)
    payee = runtime.state.payee(merchant, order)
    order.fee = fee_of(order.payer_total, payee.fee_rate)
    net = order.payer_total - order.fee
    merchant.transactions[order.transaction_id] = order.out_trade_no
    payee.balance += net
    if order.shared:
        order.unsplit = net
        payee.frozen += net
    payee.movements.append(
        Movement(
            runtime.world.now,
            order.transaction_id,
            order.transaction_id,
            "交易",
            net,
            payee.balance,
            order.payer_total,
            order.fee,
            order.out_trade_no,
        )
    )
    runtime.world.changes += 1


def mark_paid(runtime: Runtime, order: Order, payer: Payer, bank: str, coupon: int) -> None:
    now = runtime.world.now
    order.state, order.paid_at, order.bank, order.coupon = "SUCCESS", now, bank, coupon
    order.wallet, order.payer = payer.wallet, order.openid or payer.openid_at(order.appid)
    if order.sub_openid and order.payer == order.sub_openid:
        order.payer = payer.sub_openid_at(order.appid)
    if order.sub_appid:
        order.sub_payer = order.sub_openid or payer.sub_openid_at(order.sub_appid)
    order.transaction_id = transaction_number(now, runtime.world.next_number())


def transaction_number(now: float, number: int) -> str:
    """Returns the transaction id of a payment: 28 digits, like the platform's."""
    return f"4200002601{moments.compact(now)[:8]}{number:010d}"


def fee_of(amount: int, rate: int) -> int:
    """Returns the fee of an amount in fen, halves rounded up; ``rate`` is in 1/10,000."""
    return (amount * rate + 5_000) // 10_000
