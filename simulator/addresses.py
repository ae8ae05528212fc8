"""The public base addresses of the platform, with which all absolute addresses in answers begin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from urllib.parse import urlsplit


class BadAddressError(ValueError):
    """An error: the address is invalid; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The platform's own addresses, without a slash at the end.

    One host may serve all four, as the simulator itself does.
    """

    api: str
    pay: str
    open: str
    mp: str

    @classmethod
    def all_at(cls, url: str) -> Addresses:
        return cls(url, url, url, url)

    @property
    def hosts(self) -> list[str]:
        return sorted({str(urlsplit(getattr(self, each.name)).hostname) for each in fields(self)})


WECHAT = Addresses(
    "https://api.weixin.qq.com",
    "https://api.mch.weixin.qq.com",
    "https://open.weixin.qq.com",
    "https://mp.weixin.qq.com",
)
NAMES = tuple(each.name for each in fields(Addresses))


def read(given: Iterable[str], otherwise: str) -> Addresses:
    """Returns the addresses given as ``URL`` (for all), ``pay=URL`` (for one) or ``wechat`` (WeChat's hosts).

    Raises BadAddressError if an address is invalid.
    """
    found = Addresses.all_at(otherwise)
    for each in given:
        name, _, url = each.partition("=")
        if each == "wechat":
            found = WECHAT
        elif name in NAMES and url:
            found = replace(found, **{name: checked(url)})
        else:
            found = Addresses.all_at(checked(each))
    return found


def checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise BadAddressError(
            f"{url} is no address: give http://HOST[:PORT], one of {', '.join(NAMES)} and it "
            "(pay=https://pay.example.com), or wechat"
        )
    return url.rstrip("/")
