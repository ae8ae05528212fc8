"""The handling of rows whose worker ended while it worked on them: one of them may have killed it.

A worker that is killed, by a crash of a library or for lack of memory, records nothing: its lease ends and
the row is as it was claimed (``WorkRow.is_leased``). The same is true if a function fails for its whole
batch. Such rows are claimed one at a time, so that the others of their batch get done. A row that ended three
workers while it was leased alone is given up. The count is in a table of its own and is written only after an
interruption, so normal claiming costs nothing more.
"""

import datetime
import logging

from django.utils import timezone
from django.utils.translation import gettext_noop

from wechat.kernel.models import Interruption
from wechat.kernel.work.rows import WorkRow

log = logging.getLogger(__name__)

# So often a row may have been alone with a worker that ended.
MOST = 3
# How much longer a try alone is leased, after none, one and two such ends: should that worker end too, the
# next one comes later, so that nobody who kills workers again and again has an innocent row given up.
LONGER = (datetime.timedelta(minutes=1), datetime.timedelta(minutes=10), datetime.timedelta(0))
# What is not seen again within a day, as a person has dealt with it, is forgotten.
KEPT = datetime.timedelta(days=1)
# Kept on rows in English, and shown in the reader's language.
ENDED = gettext_noop(
    "The process that worked on this ended three times, perhaps for want of memory. "
    "Try again; if it stays, tell whoever runs the server."
)


def record(work: str, row: WorkRow, *, was_alone: bool) -> int:
    """Counts a worker that ended at this row; returns how many ended while it was leased alone."""
    now = timezone.now()
    Interruption.objects.filter(at__lt=now - KEPT).delete()
    noted, is_new = Interruption.objects.get_or_create(
        work=work, row=str(row.pk), defaults={"times": int(was_alone), "at": now}
    )
    if not is_new:
        noted.times, noted.at = noted.times + 1, now
        noted.save(update_fields=["times", "at"])
    log.warning("work_interrupted", extra={"work": work, "row": row.pk, "times": noted.times})
    return noted.times


def forget(work: str, row: WorkRow) -> None:
    """Deletes the count of a row, because a worker has recorded an outcome of it."""
    Interruption.objects.filter(work=work, row=str(row.pk)).delete()
