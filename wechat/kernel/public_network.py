"""The Internet, told from networks of our own: where addresses that people type in may lead."""

import ipaddress

import requests
from django.conf import settings

from wechat.sdk.connections import bounded_session

# All that is routed in the public IPv6 network today.
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# 6to4 and Teredo: their addresses hold an IPv4 address that somebody else's relay would deliver to.
TUNNELS = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))


def is_public(address: str) -> bool:
    """Returns whether an IP address belongs to the Internet and to no network of our own.

    An IPv6 address that stands for an IPv4 one is judged as that one if it is ``::ffff:a.b.c.d``, and is not
    public in any other form (NAT64, 6to4, ``::a.b.c.d``): where it leads is the network's to say. Raises
    ``ValueError`` for what is no IP address.
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
    """Connects to admitted addresses only, whatever a name or a redirect says."""
    session = bounded_session(is_admitted)
    # A proxy of the environment would connect in our place, to wherever it can.
    session.trust_env = False
    return session
