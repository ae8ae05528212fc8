"""Token buckets in Redis, shared by every process: how often something may happen."""

import logging

from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# A bucket is [what is left, when that was]. Redis's own clock, so that machines need not agree on theirs.
TAKE = """
local now = redis.call('TIME')
now = now[1] + now[2] / 1e6
local size, rate = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'left', 'at')
local left = math.min(size, (tonumber(kept[1]) or size) + (now - (tonumber(kept[2]) or now)) * rate)
local wait = 0
if left >= 1 then left = left - 1 else wait = (1 - left) / rate end
redis.call('HSET', KEYS[1], 'left', tostring(left), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], math.ceil(size / rate) + 1)
return tostring(wait)
"""


def wait_for(name: str, *, size: int, per_second: float) -> float:
    """Take one token: 0.0, or the seconds until there is one. Without Redis nobody is held up."""
    try:
        answer = get_redis_connection("default").eval(TAKE, 1, f"wc:bucket:{name}", size, per_second)
    except RedisError as error:
        log.warning("bucket_without_redis", extra={"bucket": name, "error": type(error).__name__})
        return 0.0
    return float(answer)
