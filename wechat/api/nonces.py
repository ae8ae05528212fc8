"""The nonces, each of which can be used once; Redis keeps them, or Postgres while Redis is away."""

import datetime
import logging

from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from wechat.api.models import SeenNonce

log = logging.getLogger(__name__)

# Longer than a timestamp stays fresh on both sides of our clock.
KEPT = datetime.timedelta(minutes=10)


def key(value: str) -> str:
    """Returns the Redis key of the nonce."""
    return f"wc:nonce:{value}"


def first_use(value: str) -> bool:
    """Uses up a value of at most 120 characters; returns whether it was unused."""
    try:
        redis = get_redis_connection("default")
        return bool(redis.set(key(value), 1, nx=True, ex=KEPT)) and not _seen_without_redis(value)
    except RedisError as error:
        log.warning("nonces_without_redis", extra={"error": type(error).__name__})
        return _first_use_in_postgres(value)


def _seen_without_redis(value: str) -> bool:
    return SeenNonce.objects.filter(pk=value, expires_at__gt=timezone.now()).exists()


def _first_use_in_postgres(value: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO api_seennonce (value, expires_at) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [value, timezone.now() + KEPT],
        )
        return bool(cursor.rowcount == 1)
