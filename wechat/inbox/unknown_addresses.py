"""The verifications that arrived at an address of no account; the signature tells which account was meant.

Redis keeps only the newest ones, for an hour. Requests of strangers can push them out, which does no harm.
"""

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest

from django_redis import get_redis_connection
from redis.exceptions import RedisError

from accounts.official.models import OfficialAccount
from wechat.sdk.crypto import sign

log = logging.getLogger(__name__)

KEY = "wc:unknown_addresses"
KEPT, KEPT_SECONDS = 20, 3600
LONGEST = 64
MOST_WAITING = 100

_writer = ThreadPoolExecutor(1, thread_name_prefix="unknown-addresses")
_places = threading.BoundedSemaphore(MOST_WAITING)


def note(slug: str, query: Mapping[str, str]) -> None:
    """Keeps a request for an unknown address if it looks like the platform's. For the event loop."""
    entry = [slug, *(query.get(name, "") for name in ("signature", "timestamp", "nonce"))]
    is_asked = "echostr" in query and all(0 < len(each) <= LONGEST for each in entry)
    if is_asked and _places.acquire(blocking=False):
        _writer.submit(_keep, json.dumps(entry))


def meant_for(account: OfficialAccount) -> list[str]:
    """Returns wrong slugs under which the platform tried to verify this account, the newest first."""
    return list(dict.fromkeys(slug for slug, *signed in _kept() if _is_signed_by(account, signed)))


def written() -> None:
    """Waits until all noted requests are kept."""
    _writer.submit(int).result()


def _is_signed_by(account: OfficialAccount, signed: list[str]) -> bool:
    signature, timestamp, nonce = signed
    token = account.readable_secret("token")
    expected = sign(token, timestamp, nonce)
    return bool(token) and compare_digest(signature.encode(), expected.encode())


def _kept() -> Iterator[list[str]]:
    try:
        found = get_redis_connection("default").lrange(KEY, 0, KEPT - 1)
    except RedisError:
        return
    yield from map(json.loads, found)


def _keep(entry: str) -> None:
    try:
        with get_redis_connection("default").pipeline() as steps:
            steps.lpush(KEY, entry)
            steps.ltrim(KEY, 0, KEPT - 1)
            steps.expire(KEY, KEPT_SECONDS)
            steps.execute()
    except RedisError as error:
        log.warning("unknown_address_forgotten", extra={"error": type(error).__name__})
    finally:
        _places.release()
