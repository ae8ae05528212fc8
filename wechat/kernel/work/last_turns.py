"""The time and the number of rows of each kind's last turn, for the page of background work.

Redis keeps them for a day. They are for display only.
"""

import datetime
import logging
import time
from dataclasses import dataclass

from django.utils import timezone
from django_redis import get_redis_connection
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

KEY = "wc:turns"
KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class LastTurn:
    """The newest turn that took any rows."""

    at: datetime.datetime
    rows: int


def record(name: str, rows: int) -> None:
    """Keeps the number of rows that a turn took."""
    try:
        with get_redis_connection("default").pipeline(transaction=False) as steps:
            steps.hset(KEY, name, f"{time.time():.0f} {rows}")
            steps.expire(KEY, KEPT_SECONDS)
            steps.execute()
    except RedisError as error:
        log.warning("turn_not_noted", extra={"error": type(error).__name__})


def read_all() -> dict[str, LastTurn]:
    """Returns the newest turn of each kind of work; nothing while Redis is away."""
    try:
        kept = get_redis_connection("default").hgetall(KEY)
    except RedisError:
        return {}
    return {name.decode(): _read(value.decode()) for name, value in kept.items()}


def _read(value: str) -> LastTurn:
    at, rows = value.split()
    moment = datetime.datetime.fromtimestamp(int(at), tz=timezone.get_current_timezone())
    return LastTurn(moment, int(rows))
