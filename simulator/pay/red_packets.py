"""The red packets: sending, opening on the phone, and the return of the rest after a day (现金红包)."""

from __future__ import annotations

import secrets

from simulator.pay.paying import Payer
from simulator.pay.records.money import Movement
from simulator.pay.records.red_packets import Opened, RedPacket
from simulator.pay.runtime import Runtime
from simulator.pay.schedule import RedPacketDue
from simulator.pay.state import Merchant
from simulator.user_actions import ImpossibleError

LIFE = 86_400


def send(runtime: Runtime, merchant: Merchant, packet: RedPacket) -> None:
    """Sends a red packet: debits the merchant, and shows the packet in the chat with the account."""
    packet.portions = portions(packet.total, packet.count)
    merchant.red_packets[packet.mch_billno] = packet
    move(runtime, merchant, packet, -packet.total, "现金红包")
    runtime.plan(RedPacketDue(merchant, packet))
    show(runtime, packet)


def show(runtime: Runtime, packet: RedPacket) -> None:
    """Shows a red packet in the chat, if the simulator has the account."""
    account = runtime.world.state.accounts.get(packet.appid)
    if account is not None:
        content = {
            "send_listid": packet.send_listid,
            "sender": packet.sender,
            "wishing": packet.wishing,
        }
        runtime.world.write(account, packet.openid, "account", "redpacket", "redpacket", content)


def portions(total: int, count: int) -> list[int]:
    """Returns a random portion for each person, at least one fen; the sum is exactly the total."""
    left, parts = total, list[int]()
    for others in range(count - 1, 0, -1):
        most = max(1, min(2 * left // (others + 1), left - others))
        parts.append(1 + secrets.randbelow(most))
        left -= parts[-1]
    return [*parts, left]


def find(runtime: Runtime, send_listid: str) -> tuple[Merchant, RedPacket]:
    """Returns the merchant and the red packet of this number. Raises ImpossibleError."""
    for merchant in runtime.state.merchants.values():
        for packet in merchant.red_packets.values():
            if packet.send_listid == send_listid:
                return merchant, packet
    raise ImpossibleError("there is no such red packet")


def open_packet(runtime: Runtime, packet: RedPacket, payer: Payer) -> Opened:
    """Gives a person their portion, once; the recipient of a packet has to be the first to open it.

    Raises ImpossibleError.
    """
    openid = payer.openid_at(packet.appid)
    for each in packet.opened:
        if each.openid == openid:
            return each
    if packet.state == "REFUND":
        raise ImpossibleError("the red packet has run out")
    if not packet.portions:
        raise ImpossibleError("the red packet is empty")
    if not packet.opened and openid != packet.openid:
        raise ImpossibleError("the red packet is for somebody else")
    opened = Opened(openid, payer.wallet, packet.portions.pop(0), runtime.world.now)
    packet.opened.append(opened)
    wallets = runtime.state.wallets
    wallets[payer.wallet] = wallets.get(payer.wallet, runtime.state.settings.wallet) + opened.amount
    if not packet.portions:
        packet.state, packet.due_at = "RECEIVED", None
    runtime.world.changes += 1
    return opened


async def return_unopened(runtime: Runtime, due: RedPacketDue) -> None:
    """Returns the unopened rest to the merchant, a day after the packet was sent."""
    packet = due.packet
    packet.due_at, packet.state = None, "REFUND"
    packet.refunded, packet.refunded_at = sum(packet.portions), runtime.world.now
    packet.portions = []
    move(runtime, due.merchant, packet, packet.refunded, "现金红包退回")


def move(runtime: Runtime, merchant: Merchant, packet: RedPacket, change: int, kind: str) -> None:
    merchant.balance += change
    merchant.movements.append(
        Movement(
            runtime.world.now,
            packet.send_listid,
            packet.send_listid,
            kind,
            change,
            merchant.balance,
            abs(change),
            0,
            packet.mch_billno,
        )
    )
    runtime.world.changes += 1
