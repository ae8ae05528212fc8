"""Times in which nobody worked: what was due in them is late, and some of it is a person's to decide about.

Every tick is noted in Postgres, and so in a copy of it that is restored later. A worker that finds the
last one to be long ago tells whoever registered, before it does anything else::

    @outages.ended
    def set_aside(long_ago: datetime.datetime) -> None: ...
"""

import datetime
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from wechat.kernel.models import LastTick
from wechat.kernel.registry import Registry

# So often it is noted that somebody works.
OFTEN = datetime.timedelta(seconds=10)
# Without a note for so long nobody works, however busy workers are.
SILENCE = datetime.timedelta(minutes=1)

Listener = Callable[[datetime.datetime], object]

_listeners: Registry[Listener] = Registry("listener to ends of outages")
_after_restores: Registry[Callable[[], object]] = Registry("listener to restores")


def ended(listener: Listener) -> Listener:
    """Registers a function that is given the moment before which everything due is late."""
    return _listeners.register(listener)


def after_restore(listener: Callable[[], object]) -> Callable[[], object]:
    """Registers a function that sets aside what may have been done since the backup was made."""
    return _after_restores.register(listener)


def note_work() -> None:
    """Notes that somebody works, and tells of the time in which nobody did."""
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
    """Makes everything late that is due now, as in a copy of which nobody knows what was done since."""
    now = timezone.now()
    for listener in _listeners:
        listener(now)
    for set_aside in _after_restores:
        set_aside()
    LastTick.objects.update_or_create(pk=1, defaults={"at": now})
