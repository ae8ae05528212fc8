"""How quickly each account may call each API: token buckets in Redis, shared by all workers.

While Redis is away every process keeps to a small share of its own.
"""

import logging
import time
from collections.abc import Mapping

from django_redis import get_redis_connection
from redis.exceptions import RedisError

from wechat.pushes.models import Push

log = logging.getLogger(__name__)

Kind = Push.Kind

# Messages a second to begin with; an account's own number is in ``SendRate``.
PER_SECOND: Mapping[str, int] = {
    Kind.SERVICE: 1000,
    Kind.TEMPLATE: 2000,
    Kind.NOTICE: 1000,
    Kind.ONCE: 1000,
    Kind.SUBSCRIBE: 1000,
}
# What a process may do by itself, of the usual speed: there will hardly be more than ten.
ALONE = 10
# A Redis that is away is asked again after so many seconds.
PAUSE = 5.0

# A bucket holds what a quarter of a second brings. The clock is Redis's own: workers' clocks differ.
TAKE = """
local rate, want = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local most = math.max(1, rate / 4)
local passed = math.max(0, now - (tonumber(kept[2]) or now))
local level = math.min(most, (tonumber(kept[1]) or most) + passed * rate)
local taken = math.min(want, math.floor(level))
redis.call('HSET', KEYS[1], 'level', tostring(level - taken), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], 60)
return taken
"""


class _Alone:
    """The bucket of one process; ``until`` is when Redis is asked again."""

    def __init__(self) -> None:
        self.until = 0.0
        self.buckets: dict[tuple[int, str], tuple[float, float]] = {}

    def take(self, key: tuple[int, str], rate: float, want: int) -> int:
        now = time.monotonic()
        level, at = self.buckets.get(key, (1.0, now))
        level = min(max(1.0, rate / 4), level + (now - at) * rate)
        taken = min(want, int(level))
        self.buckets[key] = (level - taken, now)
        return taken


_alone = _Alone()


def take(account_id: int, kind: str, per_second: int, want: int) -> int:
    """How many of ``want`` messages may go now; perhaps none."""
    if time.monotonic() >= _alone.until:
        try:
            key = f"wc:rate:{account_id}:{kind}"
            return int(get_redis_connection("default").eval(TAKE, 1, key, per_second, want))
        except RedisError as error:
            log.warning("rates_without_redis", extra={"error": type(error).__name__})
            _alone.until = time.monotonic() + PAUSE
    return _alone.take((account_id, kind), per_second / ALONE, want)
