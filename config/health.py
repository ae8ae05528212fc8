"""For the load balancer: is the process up, and can it do its work."""

from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django_redis import get_redis_connection
from redis.exceptions import RedisError


def live(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"live": True})


def ready(request: HttpRequest) -> JsonResponse:
    """200 while callbacks can be recorded, which takes Postgres or Redis; each is named."""
    reached = {"postgres": _postgres(), "redis": _redis()}
    return JsonResponse(reached, status=200 if any(reached.values()) else 503)


def _postgres() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _redis() -> bool:
    try:
        return bool(get_redis_connection("default").ping())
    except RedisError:
        return False
