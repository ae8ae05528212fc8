"""The check that addresses typed in by people lead to the public Internet and not to our own networks."""

import ipaddress

import requests
from django.conf import settings

from wechat.sdk.connections import bounded_session

# All that is routed in the public IPv6 network today.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# 6to4 and Teredo: their addresses hold an IPv4 address that somebody else's relay would deliver to.
TUNNELS = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))


def is_public(address: str) -> bool:
    """Returns whether an IP address is public.

    ``::ffff:a.b.c.d`` counts as the IPv4 address that it contains. Other IPv6 forms of IPv4 addresses (NAT64,
    6to4, ``::a.b.c.d``) are not public, because their target depends on the network. Raises ``ValueError``
    for a text that is no IP address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    if isinstance(found, ipaddress.IPv6Address) and (
        found not in GLOBAL_UNICAST or any(found in tunnel for tunnel in TUNNELS)
    ):
        return False
    return found.is_global and not found.is_multicast


def is_admitted(host: str, port: int, address: str) -> bool:
    """Returns whether an address from outside may be connected to: outside DEBUG only a public one.

    ``address`` is empty where a proxy of the environment connects in our place: it has rules of its own.
    """
    return settings.DEBUG or not address or is_public(address)


def public_session() -> requests.Session:
    """Returns a session that connects to admitted addresses only, whatever a host name or redirect says."""
    session = bounded_session(is_admitted)
    # A proxy of the environment would connect in our place, to wherever it can.
    session.trust_env = False
    return session
