"""The schedule of WeChat Pay by the platform's clock: refunds to complete, notifications to deliver."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from simulator.pay.records.notifications import Notification
from simulator.pay.records.red_packets import RedPacket
from simulator.pay.records.refunds import Refund
from simulator.pay.records.sharing import Sharing
from simulator.pay.records.transfers import Transfer
from simulator.pay.state import Merchant, PayState


@dataclass(frozen=True, slots=True)
class RefundDue:
    """A refund that is completed at ``due_at``."""

    merchant: Merchant
    refund: Refund

    @property
    def due_at(self) -> float | None:
        return self.refund.due_at

    @property
    def row(self) -> object:
        return self.refund


@dataclass(frozen=True, slots=True)
class TransferDue:
    """A transfer that ends by itself at ``due_at``, unless its user confirms it before."""

    merchant: Merchant
    transfer: Transfer

    @property
    def due_at(self) -> float | None:
        return self.transfer.due_at

    @property
    def row(self) -> object:
        return self.transfer


@dataclass(frozen=True, slots=True)
class SharingDue:
    """Shares of an order that are paid out at ``due_at``."""

    merchant: Merchant
    sharing: Sharing

    @property
    def due_at(self) -> float | None:
        return self.sharing.due_at

    @property
    def row(self) -> object:
        return self.sharing


@dataclass(frozen=True, slots=True)
class RedPacketDue:
    """A red packet whose rest is returned at ``due_at``."""

    merchant: Merchant
    packet: RedPacket

    @property
    def due_at(self) -> float | None:
        return self.packet.due_at

    @property
    def row(self) -> object:
        return self.packet


Task = Notification | RefundDue | TransferDue | SharingDue | RedPacketDue


class Schedule:
    """A heap of the tasks of a state; for another state (after a reset, for example) it is rebuilt.

    A task planned during the rebuild is not added twice: each row is in the heap once for each time.
    """

    def __init__(self) -> None:
        self.heap: list[tuple[float, int, Task]] = []
        self.numbers = count()
        self.planned: set[tuple[float, int]] = set()
        self.state: PayState | None = None

    def of(self, state: PayState) -> Schedule:
        if self.state is not state:
            self.state, self.heap, self.planned = state, [], set()
            for notification in state.notifications.values():
                self.add(notification)
            for merchant in state.merchants.values():
                for refund in merchant.refunds.values():
                    self.add(RefundDue(merchant, refund))
                for transfer in merchant.transfers.values():
                    self.add(TransferDue(merchant, transfer))
                for sharing in merchant.sharings.values():
                    self.add(SharingDue(merchant, sharing))
                for packet in merchant.red_packets.values():
                    self.add(RedPacketDue(merchant, packet))
        return self

    def add(self, task: Task) -> None:
        if task.due_at is not None and (known := (task.due_at, _identity(task))) not in self.planned:
            self.planned.add(known)
            heapq.heappush(self.heap, (task.due_at, next(self.numbers), task))

    def pop_due(self, now: float) -> Iterator[Task]:
        """Yields each due task once, without tasks that have been moved to another time."""
        while self.heap and self.heap[0][0] <= now:
            at, _, task = heapq.heappop(self.heap)
            self.planned.discard((at, _identity(task)))
            if task.due_at == at:
                yield task


def _identity(task: Task) -> int:
    return id(task if isinstance(task, Notification) else task.row)
