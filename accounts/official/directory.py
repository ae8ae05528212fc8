"""The accounts by slug, as the callback knows them: in the process, no query."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from accounts.official.models import OfficialAccount
from wechat.kernel.versioned_cache import Cached
from wechat.sdk.envelope import CallbackKeys


@dataclass(frozen=True, slots=True)
class CachedAccount:
    account: OfficialAccount
    current: CallbackKeys
    overlapping: CallbackKeys

    def keys(self) -> CallbackKeys:
        """Returns the valid keys: with the former ones while a change is under way."""
        until = self.account.previous_until
        return self.overlapping if until and timezone.now() < until else self.current


def _build() -> Mapping[str, CachedAccount]:
    return {
        account.slug: CachedAccount(
            account, account.callback_keys(with_previous=False), account.callback_keys(with_previous=True)
        )
        for account in OfficialAccount.objects.filter(enabled=True)
    }


_entries = Cached("accounts", _build)


def find(slug: str) -> CachedAccount | None:
    return _entries.get().get(slug)


def of_id(account_id: int) -> OfficialAccount | None:
    """Returns an enabled account by its id."""
    found = (entry.account for entry in _entries.get().values() if entry.account.pk == account_id)
    return next(found, None)
