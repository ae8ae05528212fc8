"""The check of addresses that a login may lead to: our own pages, and the sites on the account's list."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from accounts.official.models import OfficialAccount
from wechat.login.models import AllowedSite

LONGEST = 500
# Browsers read a backslash as a slash and skip control characters: for them "/\evil.com" is another host.
AMBIGUOUS = re.compile(r"[\\\x00-\x20\x7f]")


class NotAllowed(Exception):
    """A login must not lead to this address."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An absolute address; ``site`` is the other site it is on, ``None`` for our own pages."""

    url: str
    site: AllowedSite | None = None


def destination(account: OfficialAccount, address: str) -> Destination:
    """Returns the address, a path of ours or an absolute one, if it is allowed. Raises ``NotAllowed``."""
    if not address or len(address) > LONGEST or AMBIGUOUS.search(address):
        raise NotAllowed
    if address.startswith("/") and not address.startswith("//"):
        return Destination(settings.PUBLIC_URL + address)
    origin = _origin(address)
    if origin == settings.PUBLIC_URL.lower():
        return Destination(address)
    return Destination(address, allowed_site(account, address))


def allowed_site(account: OfficialAccount, address: str) -> AllowedSite:
    """Returns the site of an absolute address. Raises ``NotAllowed``."""
    scheme, _, host = _origin(address).partition("://")
    # A code must not be sent unencrypted, except on a developer's machine.
    if scheme != "https" and not (settings.DEBUG and scheme == "http"):
        raise NotAllowed
    site = AllowedSite.objects.filter(account=account, host=host).first()
    if site is None:
        raise NotAllowed
    return site


def host_of(address: str) -> str:
    """Returns the host of an absolute address, with its port if it names one. Raises ``NotAllowed``."""
    return _origin(address).partition("://")[2]


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise NotAllowed from None
    if AMBIGUOUS.search(address) or "@" in parts.netloc or not parts.hostname:
        raise NotAllowed
    host = f"{parts.hostname}:{port}" if port else parts.hostname
    return f"{parts.scheme.lower()}://{host}"
