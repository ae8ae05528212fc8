"""The partitions of the message log, one per month: created in advance and dropped when empty.

A message whose month has no partition goes to the default one: if a clock of the platform was wrong, or no
worker ran for months. It is moved when its month gets a partition. Old messages are deleted one by one
(``wechat.inbox.retention``) with the rows that belong to them; dropping the empty partition frees its space
at once.
"""

import datetime
from collections.abc import Iterator

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy
from psycopg.errors import LockNotAvailable

from wechat.inbox.models import MessageMonth, month_of
from wechat.kernel import work

TABLE = "inbox_inboundmessage"
OTHERS = f"{TABLE}_others"
# How many months have a partition before they begin.
AHEAD = 3
# Messages that waited elsewhere may come in after their month has ended.
LATEST = datetime.timedelta(days=31)
A_DAY = datetime.timedelta(days=1)
A_WHILE = datetime.timedelta(minutes=15)

MONTHS = work.Kind(
    "inbox.months",
    MessageMonth.objects.all,
    label=gettext_lazy("Making and dropping the months of the message log"),
    queue=work.BULK,
    lease=datetime.timedelta(minutes=5),
    subject="",
    gives_up=False,
)


@MONTHS.each
def maintain(row: MessageMonth) -> None:
    """Creates missing months, and drops this one if it is over and empty."""
    try:
        with transaction.atomic():
            _wait_shortly()
            make_missing(MessageMonth)
            is_over = _next(row.month) < month_of(timezone.now() - LATEST)
            if not (is_over and _drop_if_empty(row)):
                row.done(due_at=timezone.now() + A_DAY)
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable):
            raise work.NotYet(A_WHILE) from error
        raise


def make_missing(model: type[MessageMonth], *, back: int = 1) -> None:
    """Creates the partitions around this month; ``model`` may be a migration's version of the model."""
    for month in _wanted(back):
        with transaction.atomic():
            model._default_manager.get_or_create(month=month, defaults={"due_at": timezone.now() + A_DAY})
            if not _exists(month):
                _make(month)


def _wanted(back: int) -> Iterator[datetime.date]:
    month = month_of(timezone.now())
    for _number in range(back):
        month = (month - A_DAY).replace(day=1)
    for _number in range(back + 1 + AHEAD):
        yield month
        month = _next(month)


def _next(month: datetime.date) -> datetime.date:
    return (month + datetime.timedelta(days=31)).replace(day=1)


def _partition(month: datetime.date) -> str:
    return f"{TABLE}_{month:%Y_%m}"


def _exists(month: datetime.date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [_partition(month)])
        return bool(cursor.fetchone()[0])


def _make(month: datetime.date) -> None:
    """Moves the month's messages out of the default partition into a new one, and attaches that."""
    name, ends = _partition(month), {"begins": month, "ends": _next(month)}
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (LIKE {TABLE} INCLUDING ALL EXCLUDING IDENTITY)")
        cursor.execute(
            f"WITH moved AS (DELETE FROM {OTHERS} "  # noqa: S608 - names of this module
            "WHERE month >= %(begins)s AND month < %(ends)s RETURNING *) "
            f"INSERT INTO {name} SELECT * FROM moved",
            ends,
        )
        cursor.execute(
            f"ALTER TABLE {TABLE} ATTACH PARTITION {name} FOR VALUES FROM (%(begins)s) TO (%(ends)s)", ends
        )


def _drop_if_empty(row: MessageMonth) -> bool:
    """Drops the partition and its row if it is empty; returns whether it was."""
    name = _partition(row.month)
    if _has_rows(name):
        return False
    with connection.cursor() as cursor:
        # First the whole, as everybody who reads takes them.
        cursor.execute(f"LOCK TABLE ONLY {TABLE}, {name} IN ACCESS EXCLUSIVE MODE")
        if _has_rows(name):
            return False
        cursor.execute(f"DROP TABLE {name}")
    row.delete()
    return True


def _has_rows(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {name})")  # noqa: S608 - a name of this module
        return bool(cursor.fetchone()[0])


def _wait_shortly() -> None:
    """Limits how long this transaction waits for a lock.

    Callbacks queue behind a transaction that waits for a lock on the table, so it is better to try again
    later.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '500ms'")
