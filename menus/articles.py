"""Articles that buttons can open, from whichever app keeps them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from accounts.models import OfficialAccount
from menus.models import Item


@dataclass(frozen=True, slots=True)
class Article:
    """A published article by the platform's article_id; a withdrawn one can be opened no more."""

    id: str
    title: str
    withdrawn: bool = False


Source = Callable[[OfficialAccount], Iterable[Article]]

_sources: list[Source] = []


def register(source: Source) -> Source:
    """``source`` tells the published articles of an account, newest first, and those withdrawn since."""
    _sources.append(source)
    return source


def of(account: OfficialAccount) -> list[Article]:
    """Each once; those that buttons opened before are among them."""
    found: dict[str, Article] = {}
    for source in (*_sources, _in_menus):
        for article in source(account):
            found.setdefault(article.id, article)
    return list(found.values())


def withdrawn(account: OfficialAccount) -> frozenset[str]:
    return frozenset(each.id for each in of(account) if each.withdrawn)


def _in_menus(account: OfficialAccount) -> list[Article]:
    items = Item.objects.filter(version__menu__account=account).exclude(article_id="")
    named = items.order_by("article_id", "-version_id").distinct("article_id")
    return [Article(item.article_id, item.article_title or item.name) for item in named]
