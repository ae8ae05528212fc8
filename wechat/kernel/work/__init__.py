"""The background work: due rows in Postgres that Celery workers process.

A row of work (``WorkRow``) has a due time. A ``Kind``, declared beside the function that does the work, names
the rows, their lease and their queue. From the declaration come the Celery task of the same name, the
wake-up, the sweep at beat's tick, and the metrics. The row is the work; the Celery message only makes a
worker look for due rows, and may get lost or come twice.

``policy`` alone decides what an error means for the row, its account and the other rows. Accounts whose work
cannot go on for the moment are on hold (``holds``).
"""

from wechat.kernel.work.kinds import BULK, INTERACTIVE, KINDS, Turn, TurnKind
from wechat.kernel.work.policy import NotYet
from wechat.kernel.work.row_kinds import RETRY, Kind
from wechat.kernel.work.rows import GIVEN_UP, WorkRow, finished_is_not_due
from wechat.kernel.work.switches import SWITCHES
from wechat.kernel.work.turns import run, run_all
from wechat.kernel.work.waking import wake

__all__ = [
    "BULK",
    "GIVEN_UP",
    "INTERACTIVE",
    "KINDS",
    "RETRY",
    "SWITCHES",
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
