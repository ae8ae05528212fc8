"""One row of the table: the columns at work before, during and after a fault, and what came of it."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import connections

from bench.drill.columns import COLUMNS, Column
from bench.drill.drills import Drill
from bench.drill.installation import Installation

BEFORE_SECONDS, AFTER_SECONDS = 4.0, 4.0
# Longer than a lease, a minute in which WeChat refuses a repeat, and the longest pause of a probe.
SETTLE_SECONDS = 240.0
LOOK_SECONDS = 2.0


@dataclass
class Cell:
    """What came of one column: how much work was done, and what was not as promised."""

    acts: int = 0
    wrong: list[str] = field(default_factory=list)
    told: str = ""


def run(drill: Drill, there: Installation, mark: str) -> dict[str, Cell]:
    """Returns the cells of the row, by the names of their columns."""
    columns = [kind(there, mark, may_be_cut=drill.cuts) for kind in COLUMNS]
    enough = threading.Event()
    with ThreadPoolExecutor(len(columns), thread_name_prefix="column") as pool:
        for each in columns:
            each.prepare()
        working = [pool.submit(_work, each, enough) for each in columns]
        time.sleep(BEFORE_SECONDS)
        with drill.disturbance(there):
            time.sleep(drill.seconds)
        time.sleep(AFTER_SECONDS)
        enough.set()
        problems = [_outcome(each) for each in working]
        finishing = [pool.submit(_finish, each) for each in columns]
        problems = [[*before, *_outcome(each)] for before, each in zip(problems, finishing, strict=True)]
    waiting = _settle(columns)
    return {
        each.name: Cell(each.acts, [*_wrong(each, waiting[each.name]), *problem], each.told())
        for each, problem in zip(columns, problems, strict=True)
    }


def _work(column: Column, enough: threading.Event) -> None:
    number = 0
    try:
        while not enough.is_set():
            column.act(number)
            number += 1
            enough.wait(column.pause)
    finally:
        connections.close_all()


def _finish(column: Column) -> None:
    try:
        column.finish()
    finally:
        connections.close_all()


def _outcome(work: "Future[None]") -> list[str]:
    error = work.exception()
    return [f"{type(error).__name__}: {error}"[:300]] if error else []


def _settle(columns: list[Column]) -> dict[str, int]:
    """Waits until everything has come to its end; returns what has not after minutes."""
    ends = time.monotonic() + SETTLE_SECONDS
    while True:
        waiting = {each.name: each.waiting() for each in columns}
        if not any(waiting.values()) or time.monotonic() > ends:
            return waiting
        time.sleep(LOOK_SECONDS)


def _wrong(column: Column, waiting: int) -> list[str]:
    unfinished = [f"{waiting} unfinished after {SETTLE_SECONDS:.0f} s"] if waiting else []
    idle = ["did nothing"] if not column.acts else []
    return [*unfinished, *idle, *column.insistence.wrong, *column.wrong()]
