"""The cache of accounts by slug, for callbacks: in the process, without queries."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.kernel.secrets import Undecryptable
from wechat.kernel.versioned_cache import Cached
from wechat.sdk.envelope import CallbackKeys

log = logging.getLogger(__name__)


class KeysUnusable(Exception):
    """The account's keys cannot be decrypted or have an invalid form, so nothing can be verified."""


@dataclass(frozen=True, slots=True)
class CachedAccount:
    account: OfficialAccount
    # The keys without and with the former ones; ``None`` if they are unusable.
    current: CallbackKeys | None
    overlapping: CallbackKeys | None

    def keys(self) -> CallbackKeys:
        """Returns the valid keys, which include the former ones while a change is under way.

        Raises ``KeysUnusable``.
        """
        keys = self.overlapping if self.account.former_until else self.current
        if keys is None:
            raise KeysUnusable(self.account.slug)
        return keys


def _build() -> Mapping[str, CachedAccount]:
    accounts = OfficialAccount.objects.filter(enabled=True)
    return {account.slug: _entry(account) for account in accounts}


def _entry(account: OfficialAccount) -> CachedAccount:
    """Returns the account with its keys, or without them if they are unusable, so that others still work."""
    try:
        return CachedAccount(
            account, account.callback_keys(with_previous=False), account.callback_keys(with_previous=True)
        )
    except (Undecryptable, ValueError):
        log.exception("account_keys_unusable", extra={"account": account.slug})
        return CachedAccount(account, None, None)


_entries = Cached("accounts", _build)


def find(slug: str) -> CachedAccount | None:
    return _entries.get().get(slug)


def of_id(account_id: int) -> OfficialAccount | None:
    """Returns an enabled account by its id, or ``None``."""
    found = (entry.account for entry in _entries.get().values() if entry.account.pk == account_id)
    return next(found, None)
