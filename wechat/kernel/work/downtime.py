"""The times in which no worker ran: rows that were due meanwhile are late, and staff decide about some.

Postgres keeps the time of the last tick, and so does any backup of it. A worker that finds this time to be
long ago calls the registered functions before it does anything else::

    @downtime.ended
    def set_aside(long_ago: datetime.datetime) -> None: ...
"""

import datetime
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from wechat.kernel.models import LastTick
from wechat.kernel.registry import Registry

# How often the time of the last tick is written.
OFTEN = datetime.timedelta(seconds=10)
# Without a note for so long nobody works, however busy workers are.
SILENCE = datetime.timedelta(minutes=1)

Listener = Callable[[datetime.datetime], object]

_listeners: Registry[Listener] = Registry("listener to ends of downtime")
_after_restores: Registry[Callable[[], object]] = Registry("listener to restores")


def ended(listener: Listener) -> Listener:
    """Registers a function that is called with the moment before which everything due is late."""
    return _listeners.register(listener)


def after_restore(listener: Callable[[], object]) -> Callable[[], object]:
    """Registers a function that sets aside rows that may have been processed since the backup was made."""
    return _after_restores.register(listener)


def note_work() -> None:
    """Keeps the time of this tick; after a downtime, calls the functions registered with ``ended`` first."""
    now = timezone.now()
    before = LastTick.objects.values_list("at", flat=True).first()
    if before is not None and abs(now - before) < OFTEN:
        return
    with transaction.atomic():
        last, _made = LastTick.objects.select_for_update().get_or_create(pk=1, defaults={"at": now})
        if last.at < now - settings.OVERDUE_SENDS_ASK_AFTER:
            for listener in _listeners:
                listener(now - settings.OVERDUE_SENDS_ASK_AFTER)
        last.at = now
        last.save(update_fields=["at"])


def idle_since() -> datetime.datetime | None:
    """Returns when somebody worked last, if nobody does any more; ``None`` too where nobody ever did."""
    last = LastTick.objects.values_list("at", flat=True).first()
    return last if last is not None and timezone.now() - last > SILENCE else None


@transaction.atomic
def restored() -> None:
    """Treats everything that is due now as late, after a backup was restored."""
    now = timezone.now()
    for listener in _listeners:
        listener(now)
    for set_aside in _after_restores:
        set_aside()
    LastTick.objects.update_or_create(pk=1, defaults={"at": now})
