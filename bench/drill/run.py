"""A row of the table: the work of the columns before, during and after a fault, and its results."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from django.db import InterfaceError, OperationalError, connections

from bench.drill.columns import COLUMNS, Column
from bench.drill.drills import Drill, DrillFailed
from bench.drill.installation import Installation

BEFORE_SECONDS, AFTER_SECONDS = 3.0, 3.0
# Longer than a lease, the minute in which WeChat refuses a repeat, the longest pause of a probe, and the
# faults of the rows that begin meanwhile.
SETTLE_SECONDS = 300.0
# The cell of the disturbance itself.
ITSELF = "itself"


@dataclass
class Cell:
    """The result of one column: the amount of work, and the broken guarantees."""

    acts: int = 0
    wrong: list[str] = field(default_factory=list)
    note: str = ""


class Row:
    """A performed drill, which is judged once all of its work is finished.

    Work that has to wait, for the end of a lease for example, does so while the next rows are performed.
    """

    def __init__(self, drill: Drill, there: Installation, mark: str) -> None:
        self.drill = drill
        self._there = there
        self._columns = [kind(there, mark, may_be_cut=drill.cuts) for kind in COLUMNS]
        self._problems: dict[str, list[str]] = {each.name: [] for each in self._columns}
        self._waiting: dict[str, int] = {}
        self._itself = Cell()
        self._over_at = 0.0

    def perform(self) -> None:
        """Runs the columns' work while the fault begins and ends."""
        enough, ended_before = threading.Event(), self._there.supervisor.restarts.copy()
        with ThreadPoolExecutor(len(self._columns), thread_name_prefix="column") as pool:
            self._collect_errors([pool.submit(_closing, each.prepare) for each in self._columns])
            working = [pool.submit(_work, each, enough) for each in self._columns]
            try:
                time.sleep(BEFORE_SECONDS)
                self._disturb()
                time.sleep(AFTER_SECONDS)
            except SystemExit:
                for each in self._columns:
                    each.client.given_up.set()
                raise
            finally:
                enough.set()
            self._collect_errors(working)
            self._collect_errors([pool.submit(_closing, each.finish) for each in self._columns])
        self._over_at = time.monotonic()
        ended = self._there.supervisor.restarts - ended_before
        self._itself.note = ", ".join(f"{name} ended by itself and was started again" for name in ended)

    def is_settled(self) -> bool:
        """Returns whether all work is finished, or had minutes to finish."""
        self._waiting = {each.name: each.waiting() for each in self._columns}
        return not any(self._waiting.values()) or time.monotonic() > self._over_at + SETTLE_SECONDS

    def cells(self) -> dict[str, Cell]:
        """Returns the results by the names of the columns, including that of the disturbance itself."""
        cells = {each.name: Cell(each.acts, self._wrong(each), each.remark()) for each in self._columns}
        return {ITSELF: self._itself, **cells}

    def _disturb(self) -> None:
        try:
            with self.drill.disturbance(self._there):
                time.sleep(self.drill.seconds)
        except DrillFailed as failed:
            self._itself.wrong.append(str(failed))

    def _collect_errors(self, working: "list[Future[None]]") -> None:
        for column, future in zip(self._columns, working, strict=True):
            if error := future.exception():
                self._problems[column.name].append(f"{type(error).__name__}: {error}"[:300])

    def _wrong(self, column: Column) -> list[str]:
        waiting = self._waiting[column.name]
        unfinished = [f"{waiting} unfinished after {SETTLE_SECONDS:.0f} s"] if waiting else []
        idle = ["did nothing"] if not column.acts else []
        found = [*self._problems[column.name], *unfinished, *idle, *column.client.wrong]
        return [*found, *column.wrong()]


def _work(column: Column, enough: threading.Event) -> None:
    number = 0
    try:
        while not enough.is_set():
            # Failed writes of the drill itself, after Postgres crashed, are not errors of the installation.
            with suppress(OperationalError, InterfaceError):
                column.act(number)
            number += 1
            enough.wait(column.pause)
    finally:
        connections.close_all()


def _closing(do: Callable[[], None]) -> None:
    try:
        do()
    finally:
        connections.close_all()
