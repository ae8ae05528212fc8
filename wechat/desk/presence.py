"""The staff who look at a conversation or write in it right now, kept in Redis for a few seconds."""

import json
import time
from dataclasses import dataclass
from typing import cast

from django.contrib.auth.models import User
from django_redis import get_redis_connection
from redis import Redis
from redis.exceptions import RedisError

from wechat.desk import staff
from wechat.desk.models import Thread

SECONDS = 8


@dataclass(frozen=True, slots=True)
class PresentColleague:
    name: str
    writes: bool


def announce(thread: Thread, user: User, *, writes: bool) -> list[PresentColleague]:
    """Records that a member of staff looks at a conversation; returns the others who do.

    Returns an empty list if Redis cannot be reached.
    """
    key = f"wc:desk:{thread.pk}"
    mine = json.dumps({"name": staff.name(user), "writes": writes, "at": time.time()})
    try:
        with _redis().pipeline(transaction=False) as pipe:
            pipe.hset(key, str(user.pk), mine)
            pipe.expire(key, SECONDS)
            pipe.hgetall(key)
            found = cast(dict[bytes, bytes], pipe.execute()[2])
    except RedisError:
        return []
    others = [json.loads(stored) for pk, stored in found.items() if int(pk) != user.pk]
    return [
        PresentColleague(each["name"], each["writes"])
        for each in others
        if time.time() - each["at"] < SECONDS
    ]


def _redis() -> Redis:
    return cast(Redis, get_redis_connection("default"))
