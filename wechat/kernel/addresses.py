"""The address that a request comes from, for limits, allowed networks, logs and records."""

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# What a provider gives to one customer; addresses inside of it are his to choose.
CUSTOMERS_PREFIX = 64


def client_address(request: HttpRequest) -> str:
    """Returns the caller's IP address, "" where the server knows none (a Unix socket)."""
    return forwarded_address(
        str(request.META.get("REMOTE_ADDR", "")), str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
    )


def scope_address(scope: Any) -> str:
    """Returns the caller's IP address from an ASGI scope, before Django has seen the request."""
    peer, _port = scope.get("client") or ("", 0)
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return forwarded_address(peer, ",".join(forwarded))


def forwarded_address(peer_address: str, forwarded_for: str) -> str:
    """Returns the client's address, from the connection and ``X-Forwarded-For``.

    Each proxy appends the address of its caller to ``X-Forwarded-For``. Only the entries that the proxies of
    ``TRUSTED_PROXIES`` wrote are believed: that many proxies, or those inside its networks. Entries further
    left come from the client and are ignored.
    """
    client, proxies = _parsed(peer_address), 0
    for entry in reversed(forwarded_for.split(",")):
        if not _is_trusted(client, proxies) or (before := _parsed(entry)) is None:
            break
        client, proxies = before, proxies + 1
    return "" if client is None else str(client)


def client_network(request: HttpRequest) -> str:
    """Returns what limits count as one caller: an IPv4 address, or the /64 network of an IPv6 address."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, CUSTOMERS_PREFIX), strict=False))


def _is_trusted(address: Address | None, proxies: int) -> bool:
    """Returns whether this address, reached over so many proxies already, is the next proxy."""
    trusted: int | tuple[Network, ...] = settings.TRUSTED_PROXIES
    if isinstance(trusted, int):
        return proxies < trusted
    return address is not None and any(address in network for network in trusted)


def _parsed(text: str) -> Address | None:
    """Returns the address, as IPv4 where it is one; some proxies add the port."""
    text = text.strip()
    host = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
