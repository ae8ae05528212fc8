"""The token buckets in Redis, shared by all processes: they limit how often something happens.

While Redis is away, the caller chooses: each process keeps to a share of the rate, or there is no limit.
"""

import logging
import time
from dataclasses import dataclass

from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# A Redis that is away is asked again after so many seconds.
PAUSE = 5.0
# The function `take` for scripts in Redis. A bucket has three fields: `left` tokens, `at` which time, and
# `short`, when it last had fewer tokens than were wanted. The clock is that of Redis, so that the clocks of
# machines need not agree.
TAKE_FUNCTION = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1e6
local function take(key, size, rate, want)
    local kept = redis.call('HMGET', key, 'left', 'at')
    local passed = math.max(0, now - (tonumber(kept[2]) or now))
    local left = math.min(size, (tonumber(kept[1]) or size) + passed * rate)
    local taken = math.min(want, math.floor(left))
    local wait = 0
    if taken < 1 then wait = (1 - left) / rate end
    redis.call('HSET', key, 'left', tostring(left - taken), 'at', string.format('%.6f', now))
    if taken < want then redis.call('HSET', key, 'short', string.format('%.6f', now)) end
    redis.call('EXPIRE', key, math.ceil(size / rate) + 60)
    return taken, wait
end
"""
TAKE = f"""{TAKE_FUNCTION}
local taken, wait = take(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))
return {{taken, tostring(wait)}}
"""


WAS_SHORT = """
local time = redis.call('TIME')
local short = tonumber(redis.call('HGET', KEYS[1], 'short') or 0)
return (time[1] + time[2] / 1e6 - short < tonumber(ARGV[1])) and 1 or 0
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """The number of tokens taken; if ``count`` is 0, ``wait`` is the number of seconds until one is there."""

    count: int
    wait: float


class _Alone:
    """The buckets of one process while Redis is away; ``until`` is when Redis is asked again."""

    def __init__(self) -> None:
        self.until = 0.0
        self.buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, size: float, rate: float, want: int) -> Taken:
        now = time.monotonic()
        left, at = self.buckets.get(name, (1.0, now))
        left = min(size, left + (now - at) * rate)
        taken = min(want, int(left))
        self.buckets[name] = (left - taken, now)
        return Taken(taken, 0.0 if taken else (1 - left) / rate)


_alone = _Alone()


def key(name: str) -> str:
    """Returns the Redis key of the bucket of that name."""
    return f"wc:bucket:{name}"


def take(name: str, *, size: float, per_second: float, want: int = 1, share: float | None = None) -> Taken:
    """Takes up to ``want`` tokens from a bucket of that ``size``; a negative number returns tokens.

    ``share`` is the part of the rate that each process uses while Redis is away; without it there is no limit
    then.
    """
    if share is None or time.monotonic() >= _alone.until:
        try:
            redis = get_redis_connection("default")
            count, wait = redis.eval(TAKE, 1, key(name), size, per_second, want)
            return Taken(int(count), float(wait))
        except RedisError as error:
            log.warning("bucket_without_redis", extra={"bucket": name, "error": type(error).__name__})
            if share is not None:
                _alone.until = time.monotonic() + PAUSE
    if share is None:
        return Taken(want, 0.0)
    return _alone.take(name, max(1.0, size * share), per_second * share, want)


def was_short(name: str, seconds: float) -> bool:
    """Returns whether the bucket had fewer tokens than were wanted at some time within the last ``seconds``.

    Returns ``False`` while Redis is away.
    """
    try:
        return bool(get_redis_connection("default").eval(WAS_SHORT, 1, key(name), seconds))
    except RedisError:
        return False


def wait_for(name: str, *, size: int, per_second: float) -> float:
    """Takes one token and returns 0.0, or returns the seconds until there is one; no limit without Redis."""
    return take(name, size=size, per_second=per_second).wait
