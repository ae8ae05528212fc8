"""The in-process directory of API clients, read without queries."""

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from wechat.api.models import ApiClient
from wechat.kernel.addresses import Network
from wechat.kernel.secrets import Undecryptable
from wechat.kernel.versioned_cache import Cached

log = logging.getLogger(__name__)


class ClientUnusable(Exception):
    """No key opens the client's secret, or an allowed address of it is none: nothing can be verified."""


@dataclass(frozen=True, slots=True)
class ClientEntry:
    """An enabled client with its decrypted secrets and its enabled accounts by slug."""

    client: ApiClient
    accounts: Mapping[str, OfficialAccount]
    scopes: frozenset[str]
    networks: tuple[Network, ...]

    def may_call_from(self, address: str) -> bool:
        if not self.networks:
            return True
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(mapped in network for network in self.networks)


def _build() -> Mapping[str, ClientEntry | None]:
    clients = ApiClient.objects.filter(enabled=True).prefetch_related("accounts")
    return {client.key_id: _entry(client) for client in clients}


def _entry(client: ApiClient) -> ClientEntry | None:
    """Returns the client with its secrets, or ``None`` if it is unusable: the others go on."""
    try:
        # Opened once instead of at every look.
        client.secret, client.previous_secrets = client.secret, client.readable_secret("previous_secrets")
        networks = tuple(ipaddress.ip_network(network, strict=False) for network in client.networks)
    except (Undecryptable, ValueError):
        log.exception("client_unusable", extra={"client": client.key_id})
        return None
    accounts = {account.slug: account for account in client.accounts.all() if account.enabled}
    return ClientEntry(client, accounts, frozenset(client.scopes), networks)


_entries = Cached("api_clients", _build)


def find(key_id: str) -> ClientEntry | None:
    """Returns the enabled client with that key. Raises ``ClientUnusable``."""
    entries = _entries.get()
    entry = entries.get(key_id)
    if entry is None and key_id in entries:
        raise ClientUnusable(key_id)
    return entry
