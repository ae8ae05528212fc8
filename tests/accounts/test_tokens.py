import os
import time
from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import override_settings
from django_redis import get_redis_connection
from pytest_django import Settings

from accounts.official.clients import credentials_of
from accounts.official.models import OfficialAccount, StoredToken
from accounts.official.tokens import SharedTokenStore
from tests.simulated import Simulated
from wechat.sdk.tokens import AccessTokens, Token
from wechat.sdk.transport import Transport

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


@pytest.fixture
def process(
    store: SharedTokenStore, account: OfficialAccount, simulated: Simulated
) -> Callable[[], AccessTokens]:
    """Returns a function that creates the token access of a new process, with empty memory."""
    simulated.create_account(account)
    return lambda: AccessTokens(
        credentials_of(account), SharedTokenStore(), Transport(settings.WECHAT_API_BASE)
    )


@pytest.fixture(params=["redis there", "redis away"])
def _wherever_tokens_are(
    process: Callable[[], AccessTokens], request: pytest.FixtureRequest, settings: Settings
) -> None:
    if request.param == "redis away":
        settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"}}


@pytest.mark.usefixtures("_wherever_tokens_are")
def test_after_keys_were_rotated_calls_go_on(process: Callable[[], AccessTokens], settings: Settings) -> None:
    process().get()
    fresh = {"fresh": os.urandom(32)}
    settings.FIELD_ENCRYPTION_KEYS = {**fresh, **settings.FIELD_ENCRYPTION_KEYS}
    call_command("rotate_field_keys", verbosity=0)
    settings.FIELD_ENCRYPTION_KEYS = fresh
    assert process().get()


@pytest.mark.usefixtures("_wherever_tokens_are")
def test_a_process_without_the_newest_key_fetches_a_token_of_its_own(
    process: Callable[[], AccessTokens], settings: Settings
) -> None:
    former = settings.FIELD_ENCRYPTION_KEYS
    old = process()
    refused = old.get()
    settings.FIELD_ENCRYPTION_KEYS = {"fresh": os.urandom(32), **former}
    process().renew(refused)
    settings.FIELD_ENCRYPTION_KEYS = former
    assert old.renew(refused)
    assert process().get()
