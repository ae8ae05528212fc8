"""The health endpoints for the load balancer, answered in the event loop within a second.

They need no page thread and no pooled connection, so they answer while all of those are busy, and while
Postgres or Redis is away.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import psycopg
from django.conf import settings
from django.db import Error
from redis.asyncio import Redis
from redis.exceptions import RedisError

from wechat.kernel import group_commit, versioned_cache
from wechat.kernel.responses import send_content

DEADLINE_SECONDS = 0.8
# Together less than a second; what is not read by then is read nevertheless.
BUILD_SECONDS = 0.1
# However many ask: a stranger must not make us connect more often.
FRESH_SECONDS = 1.0


class Probe:
    """A check of one service; concurrent callers share one check."""

    def __init__(self, ask: Callable[[], Awaitable[bool]]) -> None:
        self._ask = ask
        self._asked_at = 0.0
        self._answer: asyncio.Future[bool] | None = None

    async def is_reached(self, seconds: float) -> bool:
        """Returns whether the service answered; ``False`` if it did not within that time."""
        answer = self._answer
        if answer is None or self._is_over(answer):
            self._asked_at = time.monotonic()
            answer = self._answer = asyncio.ensure_future(self._ask())
        # Not cancelled after that: psycopg would wait for the server to agree.
        await asyncio.wait({answer}, timeout=seconds)
        return answer.done() and answer.result()

    def _is_over(self, answer: "asyncio.Future[bool]") -> bool:
        old = answer.done() and time.monotonic() - self._asked_at > FRESH_SECONDS
        return old or answer.get_loop() is not asyncio.get_running_loop()


async def _postgres() -> bool:
    """Returns whether Postgres accepts writes: a standby does not."""
    try:
        async with await group_commit.connect() as session:
            cursor = await session.execute("SELECT current_setting('transaction_read_only') = 'off'")
            return await cursor.fetchone() == (True,)
    except psycopg.Error:
        return False


async def _redis() -> bool:
    timeouts: dict[str, Any] = settings.REDIS_TIMEOUTS
    try:
        async with Redis.from_url(settings.REDIS_URL, **timeouts) as client:
            return bool(await client.ping())
    except RedisError:
        return False


PROBES = {"postgres": Probe(_postgres), "redis": Probe(_redis)}


async def _live() -> tuple[int, dict[str, bool]]:
    return 200, {"live": True}


async def _ready() -> tuple[int, dict[str, bool]]:
    """Returns status 200 while callbacks can be recorded, else 503; and, by name, which services answer.

    That takes Postgres, or Redis once what callbacks are answered from is in memory: whoever asks while
    Postgres is there has it read.
    """
    answers = await asyncio.gather(*(probe.is_reached(DEADLINE_SECONDS) for probe in PROBES.values()))
    reached = dict(zip(PROBES, answers, strict=True))
    if reached["postgres"] and not versioned_cache.all_built():
        with suppress(Error, TimeoutError):
            await versioned_cache.build_all(BUILD_SECONDS)
    recordable = reached["postgres"] or (reached["redis"] and versioned_cache.all_built())
    return 200 if recordable else 503, reached


PATHS = {"/healthz/live": _live, "/healthz/ready": _ready}


async def health_application(scope: Any, receive: Any, send: Any) -> None:
    """Answers a GET or HEAD of one of ``PATHS``; the body of the request is not read."""
    status, answer = await PATHS[scope["path"]]()
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json")]
    await send_content(status, headers, body, send, is_head=scope["method"] == "HEAD")
