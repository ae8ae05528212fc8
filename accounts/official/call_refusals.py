"""The refusals that concern an account as a whole, from the first refused call to the next successful one.

Wrong secrets and addresses that are not on the IP allow-list show in any call. The newest refusal is stored
in Redis; a successful call deletes it without a query. A token that was fetched earlier still works after the
secret has become wrong, so calls for tokens and calls with a token are stored separately.

Reference: WeChat reference 16 Error codes.
"""

import datetime
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from wechat.sdk.errors import TOKEN_PATHS, ApiError, WeChatError

log = logging.getLogger(__name__)

# Refusals because of the account's keys, address or status; for a call with a token, 40001 is about the
# token.
ACCOUNT_CODES = frozenset(
    {40001, 40013, 40125, 40164, 40243, 41002, 41004, 45035, 50002, 50004, 50007, 61004, 89503, 89506, 89507}
)
STALE_TOKEN = 40001
KEPT_SECONDS = 7 * 86_400
# At most one successful call in this time is noted, unless the call before was refused.
LOOK_SECONDS = 1.0
WAYS = ("token", "call")


@dataclass(frozen=True, slots=True)
class CallRefusal:
    """The newest refusal; ``count`` such refusals since ``since``, without a successful call in between."""

    errcode: int
    address: str
    rid: str
    count: int
    since: datetime.datetime
    last_at: datetime.datetime


_looked_at: dict[tuple[str, str], float] = {}


def record(appid: str, api: str, outcome: str, error: WeChatError | None) -> None:
    """Records the outcome of an account's call; without Redis, nothing is recorded."""
    way = "token" if api.startswith(TOKEN_PATHS) else "call"
    try:
        if isinstance(error, ApiError) and _is_of_account(error, way):
            _looked_at.pop((appid, way), None)
            _keep(_key(appid, way), error)
        elif outcome == "ok" and _is_time(appid, way):
            get_redis_connection("default").delete(_key(appid, way))
    except RedisError as away:
        log.warning("call_refusals_unknown", extra={"error": type(away).__name__})


def current(appid: str) -> list[CallRefusal]:
    """Returns the current refusals of calls and of tokens; none while Redis is down."""
    return list(_current(appid))


def _current(appid: str) -> Iterator[CallRefusal]:
    try:
        redis = get_redis_connection("default")
        found = [redis.hgetall(_key(appid, way)) for way in WAYS]
    except RedisError:
        return
    for kept in filter(None, found):
        values = {name.decode(): value.decode() for name, value in kept.items()}
        yield CallRefusal(
            int(values["errcode"]),
            values["address"],
            values["rid"],
            int(values["count"]),
            _moment(values["since"]),
            _moment(values["last"]),
        )


def _is_of_account(error: ApiError, way: str) -> bool:
    return error.errcode in ACCOUNT_CODES and (way == "token" or error.errcode != STALE_TOKEN)


def _is_time(appid: str, way: str) -> bool:
    now = time.monotonic()
    if now - _looked_at.get((appid, way), float("-inf")) < LOOK_SECONDS:
        return False
    _looked_at[appid, way] = now
    return True


def _keep(key: str, error: ApiError) -> None:
    redis = get_redis_connection("default")
    now = f"{time.time():.0f}"
    former = redis.hget(key, "errcode")
    fields = {"errcode": error.errcode, "address": error.client_ip, "rid": error.rid, "last": now}
    with redis.pipeline() as steps:
        if former is None or int(former) != error.errcode:
            steps.delete(key)
        steps.hset(key, mapping=fields)
        steps.hsetnx(key, "since", now)
        steps.hincrby(key, "count", 1)
        steps.expire(key, KEPT_SECONDS)
        steps.execute()


def _key(appid: str, way: str) -> str:
    return f"wc:refused:{appid}:{way}"


def _moment(seconds: str) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(int(seconds), tz=timezone.get_current_timezone())
