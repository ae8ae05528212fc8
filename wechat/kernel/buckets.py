"""Token buckets in Redis, shared by every process: how often something may happen.

While Redis is away, each process keeps to a share of its own, or nobody is held up, as the caller says.
"""

import logging
import time
from dataclasses import dataclass

from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# A Redis that is away is asked again after so many seconds.
PAUSE = 5.0
# For the scripts of Redis: `take` of a bucket, which is [what is left, when that was, when it last had less
# than was wanted]. Redis's own clock, so that machines need not agree on theirs.
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
    """The tokens that were taken; if ``count`` is 0, ``wait`` is how many seconds until there is one."""

    count: int
    wait: float


class _Alone:
    """The buckets of one process; ``until`` is when Redis is asked again."""

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
    """Returns the key under which Redis has the bucket of that name."""
    return f"wc:bucket:{name}"


def take(name: str, *, size: float, per_second: float, want: int = 1, share: float | None = None) -> Taken:
    """Takes up to ``want`` tokens from a bucket of that ``size``; a negative number gives so many back.

    ``share`` is the part of the rate that a process keeps to while Redis is away; without it all is given.
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
    """Returns whether somebody wanted more of a bucket, within the last seconds, than it had.

    While Redis is away nobody knows: ``False``.
    """
    try:
        return bool(get_redis_connection("default").eval(WAS_SHORT, 1, key(name), seconds))
    except RedisError:
        return False


def wait_for(name: str, *, size: int, per_second: float) -> float:
    """Takes one token: 0.0, or the seconds until there is one. Without Redis nobody is held up."""
    return take(name, size=size, per_second=per_second).wait
