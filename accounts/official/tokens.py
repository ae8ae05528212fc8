"""The store of access tokens and tickets: Redis, and Postgres while Redis is away.

Reference: WeChat reference 4.2, "one shared cache per AppID".
"""

import datetime
import json
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import Error, connection, transaction
from django.utils import timezone
from django_redis import get_redis_connection
from redis.exceptions import LockError, RedisError

from accounts.official.models import StoredToken, TokenEvent
from wechat.kernel import metrics
from wechat.kernel.secrets import Ciphertext, Undecryptable, seal, unseal
from wechat.sdk.tokens import Token

log = logging.getLogger(__name__)

LOCK_SECONDS = 20
KEPT_EVENTS = 200

# Deletes only the value it was asked to delete, in one step: another process may have stored a newer one.
DROP = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"


class SharedTokenStore:
    """A ``TokenStore`` (see ``wechat.sdk.tokens``) shared by every process of the installation.

    A token that no key of this process opens counts as absent, and another one is fetched.
    """

    def load(self, name: str) -> Token | None:
        try:
            stored = get_redis_connection("default").get(_key(name))
        except RedisError as error:
            log.warning("token_store_fallback", extra={"error": type(error).__name__})
            return _load_from_postgres(name)
        return _opened(stored, name) if stored else None

    def save(self, name: str, token: Token) -> None:
        metrics.TOKENS_FETCHED.labels(name).inc()
        try:
            _save_to_postgres(name, token)
            _note(name, TokenEvent.What.FETCHED)
        except Error as error:
            log.warning("token_store_without_postgres", extra={"error": type(error).__name__})
        seconds = max(1, int(token.expires_at - time.time()))
        try:
            get_redis_connection("default").set(_key(name), _closed(token, name), ex=seconds)
        except RedisError as error:
            log.warning("token_store_fallback", extra={"error": type(error).__name__})

    def drop(self, name: str, value: str) -> None:
        """Deletes the token if it is still the one that failed."""
        metrics.TOKENS_REFUSED.labels(name).inc()
        try:
            redis = get_redis_connection("default")
            stored = redis.get(_key(name))
            if stored and _is(_opened(stored, name), value):
                redis.eval(DROP, 1, _key(name), stored)
        except RedisError as error:
            log.warning("token_store_fallback", extra={"error": type(error).__name__})
        kept = StoredToken.objects.filter(name=name).first()
        if kept and _is(_token_of(kept), value):
            kept.delete()
            _note(name, TokenEvent.What.REFUSED)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """Holds a lock between processes; waits at most ``LOCK_SECONDS``, and goes on without it then."""
        lock = get_redis_connection("default").lock(
            f"{_key(name)}:lock", timeout=LOCK_SECONDS, blocking_timeout=LOCK_SECONDS
        )
        try:
            lock.acquire()
        except RedisError:
            with _postgres_lock(name):
                yield
            return
        try:
            yield
        finally:
            try:
                lock.release()
            except (LockError, RedisError):
                log.warning("token_lock_expired", extra={"token": name})


def _key(name: str) -> str:
    return f"wc:token:{name}"


def _closed(token: Token, name: str) -> bytes:
    return seal(json.dumps([token.value, token.expires_at]), _key(name))


def _opened(stored: bytes, name: str) -> Token | None:
    try:
        value, expires_at = json.loads(unseal(Ciphertext(stored), _key(name)))
    except Undecryptable:
        log.warning("token_undecryptable", extra={"token": name})
        return None
    return Token(value, expires_at)


def _load_from_postgres(name: str) -> Token | None:
    row = StoredToken.objects.filter(name=name).first()
    return _token_of(row) if row else None


def _token_of(row: StoredToken) -> Token | None:
    try:
        return Token(str(row.value), row.expires_at.timestamp())
    except Undecryptable:
        log.warning("token_undecryptable", extra={"token": row.name})
        return None


def _is(token: Token | None, value: str) -> bool:
    return token is not None and token.value == value


def _save_to_postgres(name: str, token: Token) -> None:
    row = StoredToken.objects.filter(name=name).first() or StoredToken(name=name)
    row.value, row.fetched_at = token.value, timezone.now()
    row.expires_at = datetime.datetime.fromtimestamp(token.expires_at, tz=timezone.get_current_timezone())
    row.save()


def _note(name: str, what: TokenEvent.What) -> None:
    """Records an event of a token and keeps the newest ``KEPT_EVENTS``.

    The allowance of forced refreshes is stored like a token but is none, so it has no events.
    """
    if name.endswith(":forced"):
        return
    TokenEvent.objects.create(name=name, what=what, process=_process())
    kept = TokenEvent.objects.filter(name=name).order_by("-id")[KEPT_EVENTS : KEPT_EVENTS + 1]
    if oldest := kept.first():
        TokenEvent.objects.filter(name=name, pk__lte=oldest.pk).delete()


def _process() -> str:
    """Returns the name of this process: its host and process id."""
    return f"{Path(sys.argv[0]).name or 'python'} {os.getpid()} @ {socket.gethostname()}"[:120]


@contextmanager
def _postgres_lock(name: str) -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_key(name)])
        yield
