import asyncio
import threading

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.official import directory
from accounts.official.models import OfficialAccount
from wechat.kernel import versioned_cache
from wechat.kernel.models import CacheVersion
from wechat.kernel.versioned_cache import Cached

pytestmark = pytest.mark.django_db


def number() -> int:
    return CacheVersion.objects.get(name="accounts").number


def test_every_way_of_editing_counts(account: OfficialAccount) -> None:
    seen = [number()]
    OfficialAccount.objects.update(name="renamed")
    seen.append(number())
    account.save()
    seen.append(number())
    account.delete()
    seen.append(number())
    assert seen == sorted(set(seen))


def test_a_cached_value_is_built_again_only_after_an_edit(account: OfficialAccount) -> None:
    built: list[int] = []
    cached = Cached("accounts", lambda: built.append(1))
    cached.get()
    cached.get()
    account.save()
    cached.get()
    assert len(built) == 2


def test_an_account_that_is_switched_off_is_not_in_the_directory(account: OfficialAccount) -> None:
    assert directory.find("demo") is not None
    account.enabled = False
    account.save()
    assert directory.find("demo") is None


def test_between_two_looks_a_reader_asks_nobody(
    account: OfficialAccount, settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    cached = Cached("accounts", lambda: "value")
    cached.get()
    settings.CACHE_VERSION_INTERVAL = 3600
    with django_assert_num_queries(0):
        assert cached.get() == "value"


@pytest.mark.django_db(transaction=True)
def test_callers_at_once_wait_for_one_build_and_get_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versioned_cache, "_all", [])
    monkeypatch.setattr(versioned_cache, "_unbuilt", set())
    everybody_waits, builds = threading.Event(), []

    def build() -> None:
        builds.append(1)
        assert everybody_waits.wait(60)
        raise OperationalError

    Cached("accounts", build)

    async def together() -> list[BaseException | None]:
        callers = [asyncio.ensure_future(versioned_cache.build_all(60)) for _ in range(20)]
        await asyncio.sleep(0)
        everybody_waits.set()
        return await asyncio.gather(*callers, return_exceptions=True)

    errors = asyncio.run(together())
    assert {type(error) for error in errors} == {OperationalError}
    assert len(builds) == 1
