import logging
import math
import time
from contextlib import suppress

from celery import shared_task
from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from wechat.kernel.work import backlog, clock, kinds, outages, waking

log = logging.getLogger(__name__)

# Half of what lies between two ticks of beat.
PAUSE_SECONDS = 0.5

_looked_at = -math.inf


@shared_task(name="kernel.tick")
def tick() -> list[str]:
    """Wakes a worker for every kind of work that is due, at beat's one fixed tick; returns their names.

    One that comes right after another had been waiting with it for a worker, and is skipped. How old it is
    would take the clock of beat's machine to say.
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
    outages.note_work()
    return [kind.name for kind in kinds.KINDS if _is_due(kind) and waking.publish(kind.name)]


def _is_due(kind: kinds.AnyKind) -> bool:
    """Returns whether a worker should look; a kind that cannot say so keeps no other from its work."""
    try:
        return kind.is_due()
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("work_not_asked", extra={"work": kind.name})
        return False
