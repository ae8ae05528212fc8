"""The pages for followers that staff pick from instead of typing an address.

An app with such pages registers them in its ``handlers.py``::

    @links.register
    def items(account: OfficialAccount) -> Iterator[PageLink]: ...
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django_stubs_ext import StrOrPromise

from accounts.official.models import OfficialAccount
from wechat.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page with its address and title; ``group`` is the name of its kind for staff."""

    url: str
    title: str
    group: StrOrPromise


Links = Callable[[OfficialAccount], Iterable[PageLink]]

_asked: Registry[Links] = Registry("source of links")
_asked_last: Registry[Links] = Registry("source of links in use")


def register(links: Links) -> Links:
    """Registers ``links``, which yields an account's pages, the best first, a few hundred at most."""
    return _asked.register(links)


def used_before(links: Links) -> Links:
    """Registers ``links``, which yields addresses that are in use already; they are offered last."""
    return _asked_last.register(links)


def offered(account: OfficialAccount, words: str = "") -> list[PageLink]:
    """Returns the pages whose title or address contains the words, each address once, by group."""
    found: dict[str, PageLink] = {}
    for link in (link for ask in [*_asked, *_asked_last] for link in ask(account)):
        if words.casefold() in f"{link.title} {link.url}".casefold():
            found.setdefault(link.url, link)
    groups = list(dict.fromkeys(str(link.group) for link in found.values()))
    return sorted(found.values(), key=lambda link: groups.index(str(link.group)))
