import math
import time
from contextlib import suppress

from celery import shared_task
from redis.exceptions import RedisError

from wechat.kernel.work import backlog, clock, kinds, outages, waking

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
    return [kind.name for kind in kinds.KINDS if kind.is_due() and waking.publish(kind.name)]
