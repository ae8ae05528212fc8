"""The cache of accounts by slug, for callbacks: in the process, without queries."""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils import timezone

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
    # Until when which keys are valid, in Unix seconds: the next as soon as a previous one has ended.
    # Empty if the keys are unusable.
    keys_until: tuple[tuple[float, CallbackKeys], ...]

    def keys(self) -> CallbackKeys:
        """Returns the valid keys, with the previous ones that are valid still. Raises ``KeysUnusable``."""
        now = time.time()
        for until, keys in self.keys_until:
            if now < until:
                return keys
        raise KeysUnusable(self.account.slug)


def _build() -> Mapping[str, CachedAccount]:
    accounts = OfficialAccount.objects.filter(enabled=True)
    return {account.slug: _entry(account) for account in accounts}


def _entry(account: OfficialAccount) -> CachedAccount:
    """Returns the account with its keys, or without them if they are unusable, so that others still work."""
    try:
        return CachedAccount(account, tuple(_keys_until(account)))
    except (Undecryptable, ValueError):
        log.exception("account_keys_unusable", extra={"account": account.slug})
        return CachedAccount(account, ())


def _keys_until(account: OfficialAccount) -> Iterator[tuple[float, CallbackKeys]]:
    ends = sorted({each.until for name in account.REPLACEABLE for each in account.previous(name)})
    for begin, end in zip([timezone.now(), *ends], [*ends, None], strict=True):
        yield math.inf if end is None else end.timestamp(), account.callback_keys(begin)


_entries = Cached("accounts", _build)


def find(slug: str) -> CachedAccount | None:
    return _entries.get().get(slug)


def of_id(account_id: int) -> OfficialAccount | None:
    """Returns an enabled account by its id, or ``None``."""
    found = (entry.account for entry in _entries.get().values() if entry.account.pk == account_id)
    return next(found, None)
