"""The money of profit sharing: shares are set aside, paid out, returned or unfrozen."""

from __future__ import annotations

from simulator.pay import moments, notifications
from simulator.pay.faults import next_fault
from simulator.pay.records.money import Movement
from simulator.pay.records.orders import Order
from simulator.pay.records.sharing import Share, Sharing, SharingReturn
from simulator.pay.runtime import Runtime
from simulator.pay.schedule import SharingDue
from simulator.pay.sharing_receivers import key
from simulator.pay.sharing_shapes import MERCHANT
from simulator.pay.state import Merchant

REST = "解冻给分账方"
SHARED, RETURNED = "PROFITSHARING.SUCCESS", "PROFITSHARING.RETURN"

# Type, account, amount, description of a receiver.
Part = tuple[str, str, int, str]


def accept(
    runtime: Runtime, merchant: Merchant, order: Order, number: str, terms: str, parts: list[Part]
) -> Sharing:
    """Accepts a request and sets its shares aside until they are due to be paid out."""
    now, settings = runtime.world.now, runtime.state.settings
    fault = next_fault(runtime.state.faults, "sharing", merchant.mchid)
    due_at = now + settings.refund_seconds + (fault.delay if fault else 0)
    sharing = Sharing(
        number,
        f"3008{moments.compact(now)[:8]}{runtime.world.next_number():016d}",
        merchant.mchid,
        order.out_trade_no,
        order.transaction_id,
        order.sub_mchid,
        terms,
        now,
        due_at,
        due_at,
        fault.ends if fault and fault.ends else "SUCCESS",
    )
    sharing.shares = [Share(detail_id(runtime), *part) for part in parts]
    order.unsplit -= sum(each.amount for each in sharing.shares)
    merchant.sharings[number] = sharing
    runtime.plan(SharingDue(merchant, sharing))
    runtime.world.changes += 1
    return sharing


def detail_id(runtime: Runtime) -> str:
    return f"36{moments.compact(runtime.world.now)[:8]}{runtime.world.next_number():013d}"


def unfreeze(
    runtime: Runtime, merchant: Merchant, order: Order, sharing: Sharing, description: str = REST
) -> None:
    """Releases the unshared rest to the merchant, as the last of the shares."""
    payee, rest = runtime.state.payee(merchant, order), order.unsplit
    payee.frozen -= rest
    order.unsplit = 0
    share = Share(detail_id(runtime), MERCHANT, payee.mchid, rest, description, is_rest=True)
    if rest:
        sharing.shares.append(share)


async def finish_due(runtime: Runtime, due: SharingDue) -> None:
    merchant, sharing = due.merchant, due.sharing
    sharing.due_at, sharing.finished_at = None, runtime.world.now
    for share in sharing.shares:
        finish(runtime, merchant, sharing, share)
    runtime.world.changes += 1


def finish(runtime: Runtime, merchant: Merchant, sharing: Sharing, share: Share) -> None:
    """Pays out a share, or closes it if the receiver was deleted or by a fault rule."""
    order = merchant.orders[sharing.out_trade_no]
    payee = runtime.state.payee(merchant, order)
    if share.is_rest:
        share.result = "SUCCESS"
        return
    payee.frozen -= share.amount
    if key(sharing.sub_mchid, share.type, share.account) not in merchant.receivers:
        share.result, share.fail_reason = "CLOSED", "NO_RELATION"
    elif sharing.ends == "CLOSED":
        share.result, share.fail_reason = "CLOSED", "ACCOUNT_ABNORMAL"
    else:
        share.result = "SUCCESS"
        pay_out(runtime, payee, sharing, share)
        return
    if not any(each.is_rest for each in sharing.shares):
        order.unsplit += share.amount
        payee.frozen += share.amount


def pay_out(runtime: Runtime, payee: Merchant, sharing: Sharing, share: Share) -> None:
    move(runtime, payee, sharing.transaction_id, share.detail_id, "分账", -share.amount, sharing.out_order_no)
    if share.type != MERCHANT:
        wallets = runtime.state.wallets
        have = wallets.get(share.account, runtime.state.settings.wallet)
        wallets[share.account] = have + share.amount
        return
    receiver = runtime.state.merchants[share.account]
    number = sharing.out_order_no
    move(runtime, receiver, sharing.transaction_id, share.detail_id, "分账", share.amount, number)
    ids = (sharing.order_id, number)
    notify(runtime, receiver, SHARED, sharing, ids, share.amount, share.description)


def return_share(runtime: Runtime, merchant: Merchant, sharing: Sharing, found: SharingReturn) -> None:
    """Moves the money of a return from the receiver to the sharing merchant."""
    receiver = runtime.state.merchants[found.return_mchid]
    payee = runtime.state.payee(merchant, merchant.orders[sharing.out_trade_no])
    for owner, change in ((receiver, -found.amount), (payee, found.amount)):
        number = found.out_return_no
        move(runtime, owner, sharing.transaction_id, found.return_id, "分账回退", change, number)
    left = found.amount
    for share in returnable(sharing, found.return_mchid):
        taken = min(left, share.amount - share.returned)
        share.returned += taken
        left -= taken
    ids = (found.return_id, found.out_return_no)
    notify(runtime, receiver, RETURNED, sharing, ids, found.amount, found.description)


def returnable(sharing: Sharing, mchid: str) -> list[Share]:
    """Returns the shares that a merchant received and can return."""
    return [
        each
        for each in sharing.shares
        if (each.type, each.account, each.result) == (MERCHANT, mchid, "SUCCESS") and not each.is_rest
    ]


def move(
    runtime: Runtime, owner: Merchant, transaction_id: str, number: str, kind: str, change: int, voucher: str
) -> None:
    owner.balance += change
    owner.movements.append(
        Movement(
            runtime.world.now, number, transaction_id, kind, change, owner.balance, abs(change), 0, voucher
        )
    )


def notify(
    runtime: Runtime,
    receiver: Merchant,
    event: str,
    sharing: Sharing,
    ids: tuple[str, str],
    amount: int,
    description: str,
) -> None:
    """Queues the notification of a receiver at its own URL; nobody else is notified."""
    if not receiver.sharing_notify_url:
        return
    partner = {"sp_mchid": sharing.mchid, "sub_mchid": sharing.sub_mchid}
    payload = {
        **(partner if sharing.sub_mchid else {"mchid": sharing.mchid}),
        "transaction_id": sharing.transaction_id,
        "order_id": ids[0],
        "out_order_no": ids[1],
        "receiver": {
            "type": MERCHANT,
            "account": receiver.mchid,
            "amount": amount,
            "description": description,
        },
        "success_time": moments.rfc3339(runtime.world.now),
    }
    notifications.notify(runtime, receiver, receiver.sharing_notify_url, event, ids[1], payload)
