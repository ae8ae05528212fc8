"""The processing of refunds: limits, money, states (pay reference 5.3, 9)."""

from __future__ import annotations

from simulator.pay import moments, notifications, texts
from simulator.pay.errors import PayError
from simulator.pay.faults import next_fault
from simulator.pay.records.money import Movement
from simulator.pay.records.orders import Order
from simulator.pay.records.refunds import Refund, Turn
from simulator.pay.runtime import Runtime
from simulator.pay.schedule import RefundDue
from simulator.pay.state import Merchant

DEADLINE = 365 * 86_400
MOST = 50
WALLET, CARD = "支付用户零钱", "招商银行信用卡0403"
OPEN = ("PROCESSING", "ABNORMAL")


def check(merchant: Merchant, order: Order, amount: int, total: int, now: float) -> None:
    """Checks that this amount of the order can be refunded now. Raises PayError."""
    if order.state != "SUCCESS":
        raise PayError("INVALID_REQUEST", texts.NOT_PAID)
    if total != order.total:
        raise PayError("INVALID_REQUEST", texts.OTHER_TOTAL)
    if now >= order.paid_at + DEADLINE:
        raise PayError("INVALID_REQUEST", texts.TOO_LATE)
    if len(order.refunds) >= MOST:
        raise PayError("INVALID_REQUEST", texts.TOO_MANY_REFUNDS)
    if refunded(merchant, order) + amount > order.total:
        raise PayError("INVALID_REQUEST", texts.MORE_THAN_PAID)


def refunded(merchant: Merchant, order: Order) -> int:
    return sum(each.amount for each in merchant.refunds_of(order) if each.status != "CLOSED")


def accept(
    runtime: Runtime, merchant: Merchant, order: Order, number: str, amount: int, terms: str
) -> Refund:
    """Accepts a refund and debits the merchant; it is completed later. Raises NOT_ENOUGH."""
    now = runtime.world.now
    shares = [each for each in merchant.refunds_of(order) if each.status != "CLOSED"]
    before = sum(each.amount for each in shares)
    payer_amount = share(order.payer_total, before + amount, order.total) - sum(
        each.payer_amount for each in shares
    )
    fee = share(order.fee, before + amount, order.total) - sum(each.fee for each in shares)
    payee = runtime.state.payee(merchant, order)
    if payee.available + order.unsplit < payer_amount - fee:
        raise PayError("NOT_ENOUGH")
    refund = Refund(number, refund_number(now, runtime.world.next_number()), order.out_trade_no, amount)
    refund.payer_amount, refund.fee, refund.terms, refund.made_at = payer_amount, fee, terms, now
    refund.received = WALLET if order.bank == "OTHERS" else CARD
    refund.turns.append(Turn("PROCESSING", now))
    merchant.refunds[number] = refund
    merchant.refund_ids[refund.refund_id] = number
    order.refunds.append(number)
    take_unsplit(payee, order, payer_amount - fee)
    move(runtime, payee, refund, order, -1)
    start(runtime, merchant, refund)
    return refund


def reverse(runtime: Runtime, merchant: Merchant, order: Order) -> None:
    """Reverses the whole payment of an order, without a notification. Raises NOT_ENOUGH."""
    number = f"R{order.out_trade_no}"
    refund = accept(runtime, merchant, order, number, order.total, "")
    refund.reversal = True


def take_unsplit(payee: Merchant, order: Order, amount: int) -> None:
    """Reduces the unshared amount of an order by this amount, at most to zero."""
    taken = min(order.unsplit, amount)
    order.unsplit -= taken
    payee.frozen -= taken


def start(runtime: Runtime, merchant: Merchant, refund: Refund) -> None:
    fault = next_fault(runtime.state.faults, "refund", merchant.mchid)
    refund.ends = fault.ends if fault and fault.ends else "SUCCESS"
    refund.due_at = runtime.world.now + runtime.state.settings.refund_seconds + (fault.delay if fault else 0)
    runtime.plan(RefundDue(merchant, refund))
    runtime.world.changes += 1


def share(whole: int, part: int, total: int) -> int:
    """Returns the rounded share of ``whole`` for ``part`` of ``total``; those of all parts add up exactly."""
    return (2 * whole * part + total) // (2 * total)


def finish(runtime: Runtime, merchant: Merchant, refund: Refund) -> None:
    """Completes a refund with its planned state, and notifies the merchant."""
    refund.due_at = None
    if refund.status not in OPEN:
        return
    refund.turns.append(Turn(refund.ends, runtime.world.now))
    order = merchant.orders[refund.out_trade_no]
    if refund.ends == "CLOSED":
        move(runtime, runtime.state.payee(merchant, order), refund, order, 1)
    if refund.ends == "SUCCESS" and refund.received == WALLET:
        wallets = runtime.state.wallets
        wallets[order.wallet] = wallets.get(order.wallet, runtime.state.settings.wallet) + refund.payer_amount
    notifications.notify_refund(runtime, merchant, order, refund)
    runtime.world.changes += 1


async def finish_due(runtime: Runtime, due: RefundDue) -> None:
    finish(runtime, due.merchant, due.refund)


def move(runtime: Runtime, payee: Merchant, refund: Refund, order: Order, sign: int) -> None:
    change = sign * (refund.payer_amount - refund.fee)
    payee.balance += change
    payee.movements.append(
        Movement(
            runtime.world.now,
            refund.refund_id,
            order.transaction_id,
            "退款" if sign < 0 else "退款退回",
            change,
            payee.balance,
            refund.payer_amount,
            refund.fee,
            refund.out_refund_no,
        )
    )


def refund_number(now: float, number: int) -> str:
    """Returns the id of a refund: 29 digits, like the platform's."""
    return f"5030260001{moments.compact(now)[:8]}{number:011d}"
