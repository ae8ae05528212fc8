"""What WeChat Pay still has to do, by the platform's clock: refunds to finish, notices to deliver."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from itertools import count

from simulator.pay.book import Merchant, Notice, PayBook, Refund

Task = Notice | tuple[Merchant, Refund]


class Agenda:
    """A heap over one book; another book (after a reset, say) makes it anew from what is due in there."""

    def __init__(self) -> None:
        self.heap: list[tuple[float, int, Task]] = []
        self.numbers = count()
        self.book: PayBook | None = None

    def of(self, book: PayBook) -> Agenda:
        if self.book is not book:
            self.book, self.heap = book, []
            for notice in book.notices.values():
                self.add(notice)
            for merchant in book.merchants.values():
                for refund in merchant.refunds.values():
                    self.add((merchant, refund))
        return self

    def add(self, task: Task) -> None:
        at = due_at(task)
        if at is not None:
            heapq.heappush(self.heap, (at, next(self.numbers), task))

    def take(self, now: float) -> Iterator[Task]:
        """What is due, each once; what was moved to another time meanwhile is left for then."""
        while self.heap and self.heap[0][0] <= now:
            at, _, task = heapq.heappop(self.heap)
            if due_at(task) == at:
                yield task


def due_at(task: Task) -> float | None:
    return task.due_at if isinstance(task, Notice) else task[1].due_at
