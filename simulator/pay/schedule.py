"""What WeChat Pay still has to do, by the platform's clock: refunds to finish, notices to deliver."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from simulator.pay.records.notices import Notice
from simulator.pay.records.red_packets import RedPacket
from simulator.pay.records.refunds import Refund
from simulator.pay.records.sharing import Sharing
from simulator.pay.records.transfers import Transfer
from simulator.pay.state import Merchant, PayState


@dataclass(frozen=True, slots=True)
class RefundDue:
    """A refund that comes to its end at `due_at`."""

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
    """A transfer that ends by itself at `due_at`, unless its user is quicker."""

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
    """Parts of an order that are paid out at `due_at`."""

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
    """A red packet of which the rest goes back at `due_at`."""

    merchant: Merchant
    packet: RedPacket

    @property
    def due_at(self) -> float | None:
        return self.packet.due_at

    @property
    def row(self) -> object:
        return self.packet


Task = Notice | RefundDue | TransferDue | SharingDue | RedPacketDue


class Schedule:
    """A heap of tasks over one state; another state (after a reset, say) makes it anew from what is due.

    What is planned while that happens is among it already: each row is there once for each time.
    """

    def __init__(self) -> None:
        self.heap: list[tuple[float, int, Task]] = []
        self.numbers = count()
        self.planned: set[tuple[float, int]] = set()
        self.state: PayState | None = None

    def of(self, state: PayState) -> Schedule:
        if self.state is not state:
            self.state, self.heap, self.planned = state, [], set()
            for notice in state.notices.values():
                self.add(notice)
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

    def take(self, now: float) -> Iterator[Task]:
        """Yields the tasks that are due, each once; one moved to another time meanwhile is left for then."""
        while self.heap and self.heap[0][0] <= now:
            at, _, task = heapq.heappop(self.heap)
            self.planned.discard((at, _identity(task)))
            if task.due_at == at:
                yield task


def _identity(task: Task) -> int:
    return id(task if isinstance(task, Notice) else task.row)
