import time

import pytest
from django.conf import settings
from django.test import override_settings
from django_redis import get_redis_connection

from accounts.official.models import StoredToken
from accounts.official.tokens import SharedTokenStore
from wechat.sdk.tokens import Token

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "access_token:stable:wx0123456789abcdef"


@pytest.fixture
def store() -> SharedTokenStore:
    get_redis_connection("default").flushdb()
    return SharedTokenStore()


def fresh(value: str = "98_token") -> Token:
    return Token(value, time.time() + 7200)


def test_a_token_is_shared_by_all_stores(store: SharedTokenStore) -> None:
    token = fresh()
    store.save(NAME, token)
    assert SharedTokenStore().load(NAME) == token


def test_redis_and_postgres_hold_no_token_in_the_clear(store: SharedTokenStore) -> None:
    store.save(NAME, fresh("98_very_secret"))
    redis = get_redis_connection("default")
    assert all(b"98_very_secret" not in redis.get(key) for key in redis.keys("*"))
    assert b"98_very_secret" not in bytes(StoredToken.objects.get().__dict__["value"])


def test_only_the_token_that_failed_is_dropped(store: SharedTokenStore) -> None:
    store.save(NAME, fresh("newer"))
    store.drop(NAME, "older")
    kept = store.load(NAME)
    assert kept is not None
    assert kept.value == "newer"
    store.drop(NAME, "newer")
    assert store.load(NAME) is None


def test_with_redis_away_tokens_and_their_lock_are_kept_by_postgres(store: SharedTokenStore) -> None:
    nowhere = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    with override_settings(CACHES=nowhere):
        with store.lock(NAME):
            store.save(NAME, fresh("98_kept"))
        kept = store.load(NAME)
    assert kept is not None
    assert kept.value == "98_kept"
