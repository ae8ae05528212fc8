import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

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


@pytest.mark.parametrize(
    "lost",
    [{"token": b"lost.from another installation"}, {"mode": "safe", "aes_key": "short"}],
    ids=["undecryptable", "of a wrong form"],
)
def test_an_account_whose_keys_are_unusable_takes_no_other_down(
    account: OfficialAccount, lost: dict[str, Any]
) -> None:
    other = OfficialAccount.objects.create(
        slug="other", name="Other", appid="wx00000000000000ff", appsecret="x" * 32, token="othertoken",
        mode="plain",
    )  # fmt: skip
    OfficialAccount.objects.filter(pk=other.pk).update(**lost)
    found = directory.find("other")
    assert found is not None
    with pytest.raises(directory.KeysUnusable):
        found.keys()
    assert directory.find("demo") is not None


@pytest.fixture
def _no_other_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versioned_cache, "_all", [])
    monkeypatch.setattr(versioned_cache, "_unbuilt", set())


def impossible() -> None:
    raise ValueError("a row that makes no sense")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_other_caches")
def test_what_cannot_be_built_is_named_and_the_rest_is_built(caplog: pytest.LogCaptureFixture) -> None:
    Cached("broken", impossible)
    Cached("whole", lambda: "value")
    asyncio.run(versioned_cache.build_all(60))
    asyncio.run(versioned_cache.build_all(60))
    assert versioned_cache._unbuilt == set()
    assert [record.__dict__["cache"] for record in caplog.records if record.msg == "cache_unbuilt"] == [
        "broken"
    ]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_other_caches")
def test_a_statement_that_fails_for_one_keeps_no_other_from_being_built() -> None:
    def nonsense() -> None:
        OfficialAccount.objects.extra(where=["no_such_column"]).first()

    Cached("broken", nonsense)
    whole = Cached("whole", lambda: "value")
    asyncio.run(versioned_cache.build_all(60))
    assert whole._built == (0, "value")


@pytest.fixture
def watched(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Cached[Any]], None]]:
    """Has caches looked after by a watcher, which ends before the test's tables are emptied."""
    watcher = versioned_cache._Watcher()
    monkeypatch.setattr(versioned_cache, "_watcher", watcher)
    settings.CACHE_VERSION_INTERVAL = 0.01
    yield watcher.watch
    settings.CACHE_VERSION_INTERVAL = 0
    if watcher._thread:
        watcher._thread.join(60)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_other_caches")
def test_an_edit_that_cannot_be_built_keeps_no_other_cache_from_its_edits(
    watched: Callable[[Cached[Any]], None],
) -> None:
    seen = threading.Event()
    values: Iterator[Callable[[], object]] = iter([str, seen.set])
    broken, whole = Cached("broken", impossible), Cached("whole", lambda: next(values)())
    whole.get()
    for cached in (broken, whole):
        watched(cached)
        CacheVersion.objects.update_or_create(name=cached.name, defaults={"number": 1})
    assert seen.wait(60)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_other_caches", "watched")
def test_what_could_never_be_built_is_built_after_the_next_edit() -> None:
    seen = threading.Event()
    values: Iterator[Callable[[], object]] = iter([impossible, seen.set])
    Cached("mended", lambda: next(values, seen.set)())
    asyncio.run(versioned_cache.build_all(60))
    CacheVersion.objects.update_or_create(name="mended", defaults={"number": 1})
    assert seen.wait(60)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_no_other_caches")
def test_callers_at_once_wait_for_one_build_and_get_its_error() -> None:
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
