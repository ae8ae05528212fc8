"""Background work: rows in Postgres that are due, worked off by Celery workers.

A row of work (``WorkRow``) has a time at which it is due, and a ``Kind`` declares, beside the function that
does the work, which rows those are, how long they are leased, and which queue they go through. From the
declaration come the Celery task of the same name, the wake-up, the sweep by beat's tick, and the metrics.
The row is the work; the Celery message only makes a worker look, and may get lost or come twice.

What an error means for the row, its account and the other rows is decided in one place, ``policy``; accounts
whose work cannot go on for the moment are on ``hold``.
"""

from wechat.kernel.work.kinds import BULK, INTERACTIVE, KINDS, RETRY, Kind, Turn, TurnKind
from wechat.kernel.work.policy import NotYet
from wechat.kernel.work.rows import WorkRow, finished_is_not_due
from wechat.kernel.work.turns import run, run_all
from wechat.kernel.work.waking import wake

__all__ = [
    "BULK",
    "INTERACTIVE",
    "KINDS",
    "RETRY",
    "Kind",
    "NotYet",
    "Turn",
    "TurnKind",
    "WorkRow",
    "finished_is_not_due",
    "run",
    "run_all",
    "wake",
]
