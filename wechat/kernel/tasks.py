import logging
import math
import time
from contextlib import suppress

from celery import shared_task
from redis.exceptions import RedisError

from wechat.kernel import outage_errors
from wechat.kernel.work import backlog, clock, downtime, kinds, waking

log = logging.getLogger(__name__)

# Half of what lies between two ticks of beat.
PAUSE_SECONDS = 0.5

_looked_at = -math.inf


@shared_task(name="kernel.tick")
def tick() -> list[str]:
    """Wakes a worker for every kind of work that is due, at each tick of beat; returns their names.

    A tick right after another one is skipped: both had waited for a worker. The age of a tick is not used,
    because it would depend on the clock of beat's machine.
    """
    global _looked_at
    now = time.monotonic()
    if now - _looked_at < PAUSE_SECONDS:
        return []
    _looked_at = now
    if not clock.watch.is_right():
        return []
    with suppress(RedisError):
        backlog.note_tick()
    downtime.note_work()
    return [kind.name for kind in kinds.KINDS if _is_due(kind) and waking.publish(kind.name)]


def _is_due(kind: kinds.AnyKind) -> bool:
    """Returns whether a worker should look; logs an error, so that the other kinds go on."""
    try:
        return kind.is_due()
    except Exception as error:
        if outage_errors.outage_of(error) == outage_errors.POSTGRES:
            raise
        log.exception("work_not_asked", extra={"work": kind.name})
        return False
