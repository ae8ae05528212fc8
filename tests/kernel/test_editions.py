import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import directory
from accounts.models import OfficialAccount
from wechat.kernel.editions import Cached
from wechat.kernel.models import Edition

pytestmark = pytest.mark.django_db


def number() -> int:
    return Edition.objects.get(name="accounts").number


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
    settings.EDITION_INTERVAL = 3600
    with django_assert_num_queries(0):
        assert cached.get() == "value"
