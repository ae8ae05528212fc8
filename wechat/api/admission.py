"""The admission of signed calls in the event loop: unused nonce, and rate limit of the client.

It does what ``nonces`` and ``limits`` do for calls in threads, but for all calls that arrive at the same time
together: with one request to Redis, or to Postgres, which keeps nonces while Redis is away.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from wechat.api import nonces
from wechat.api.limits import Bucket
from wechat.kernel import buckets
from wechat.kernel.batches import Batches
from wechat.kernel.group_commit import Session, Writer

log = logging.getLogger(__name__)

MOST = 256
PATIENCE_SECONDS = 2.0
# Whoever would wait for longer is told to come again, before anything was looked at.
LONGEST_WAIT_SECONDS = 0.6

# For each call a nonce and a bucket; what is refused for another reason takes nothing from its bucket.
ADMIT = f"""{buckets.TAKE_FUNCTION}
local answers = {{}}
for call = 1, #KEYS / 2 do
    local size, rate = tonumber(ARGV[2 * call]), tonumber(ARGV[2 * call + 1])
    if not redis.call('SET', KEYS[2 * call - 1], 1, 'NX', 'EX', ARGV[1]) then
        answers[call] = 'used'
    elseif rate == 0 then
        answers[call] = '0'
    else
        local taken, wait = take(KEYS[2 * call], size, rate, 1)
        answers[call] = tostring(wait)
    end
end
return answers
"""
SEEN = "SELECT value FROM api_seennonce WHERE value = ANY(%s) AND expires_at > %s"
USE = (
    "INSERT INTO api_seennonce (value, expires_at) SELECT value, %s FROM unnest(%s::text[]) AS value "
    "ORDER BY value ON CONFLICT DO NOTHING RETURNING value"
)


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """A call to be admitted; ``bucket`` is ``None`` if it will be refused in any case."""

    nonce: str
    bucket: Bucket | None


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision on a call; ``wait`` is the number of seconds to wait, or 0."""

    is_first_use: bool
    wait: float = 0.0


async def admit(call: AdmissionRequest) -> Admission:
    """Uses up the nonce and takes a token from the client's bucket.

    Raises ``NotDone`` and ``psycopg.Error`` while Postgres is away.
    """
    return await _admissions.add(call, PATIENCE_SECONDS)


def is_full() -> bool:
    """Returns whether a call that arrives now would wait too long to be admitted."""
    return _admissions.is_full(PATIENCE_SECONDS)


class _Gate:
    """The connections of one event loop."""

    def __init__(self) -> None:
        self._redis: Redis = Redis.from_url(
            str(settings.CACHES["default"]["LOCATION"]),
            # Asked again after an answer that got lost, Redis would call the nonce used.
            retry=Retry(NoBackoff(), 0),
            **settings.REDIS_TIMEOUTS,
        )
        self._postgres = Writer("nonces", self._admit)

    async def carry_out(self, calls: Sequence[AdmissionRequest], /) -> Sequence[Admission | Exception]:
        return await self._postgres.carry_out(calls)

    async def close(self) -> None:
        await self._redis.aclose()
        await self._postgres.close()

    async def _admit(self, session: Session, calls: Sequence[AdmissionRequest]) -> Sequence[Admission]:
        # First: if this fails, no nonce has been used up yet.
        found = await session.execute(SEEN, [[call.nonce for call in calls], timezone.now()], prepare=True)
        seen = {value for (value,) in await found.fetchall()}
        try:
            answers = await self._ask_redis(calls)
        except RedisError as error:
            log.warning("admission_without_redis", extra={"error": type(error).__name__})
            return await _use_in_postgres(session, calls)
        return [
            Admission(is_first_use=False)
            if answer == b"used" or call.nonce in seen
            else Admission(is_first_use=True, wait=float(answer))
            for call, answer in zip(calls, answers, strict=True)
        ]

    async def _ask_redis(self, calls: Sequence[AdmissionRequest]) -> Sequence[bytes]:
        keys, values = list[str](), list[Any]()
        for call in calls:
            bucket = call.bucket or Bucket("", 0, 0)
            keys += (nonces.key(call.nonce), buckets.key(bucket.name))
            values += (bucket.size, bucket.per_second)
        seconds = int(nonces.KEPT.total_seconds())
        answers: Sequence[bytes] = await self._redis.eval(ADMIT, len(keys), *keys, seconds, *values)
        return answers


async def _use_in_postgres(session: Session, calls: Sequence[AdmissionRequest]) -> Sequence[Admission]:
    expires_at = timezone.now() + nonces.KEPT
    used = await session.execute(USE, [expires_at, [call.nonce for call in calls]])
    first = {value for (value,) in await used.fetchall()}
    admissions = []
    for call in calls:
        admissions.append(Admission(is_first_use=call.nonce in first))
        # The same one twice in a batch was used once.
        first.discard(call.nonce)
    return admissions


_admissions: Batches[AdmissionRequest, Admission] = Batches(
    _Gate, most=MOST, longest_wait=LONGEST_WAIT_SECONDS
)
