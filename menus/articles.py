"""The articles that buttons can open."""

from dataclasses import dataclass

from accounts.official.models import OfficialAccount
from menus.models import MenuItem
from wechat.articles.models import Draft

SHOWN = 200


@dataclass(frozen=True, slots=True)
class LinkedArticle:
    """A published article by the platform's article_id; a withdrawn one can be opened no more."""

    id: str
    title: str
    withdrawn: bool = False


def of(account: OfficialAccount) -> list[LinkedArticle]:
    """Returns the published articles, newest first, then those that buttons opened before; each once."""
    found: dict[str, LinkedArticle] = {}
    for article in (*_published(account), *_in_menus(account)):
        found.setdefault(article.id, article)
    return list(found.values())


def withdrawn(account: OfficialAccount) -> frozenset[str]:
    return frozenset(each.id for each in of(account) if each.withdrawn)


def _published(account: OfficialAccount) -> list[LinkedArticle]:
    drafts = Draft.objects.filter(account=account).exclude(article_id="").prefetch_related("articles")
    return [
        LinkedArticle(draft.article_id, str(draft), withdrawn=draft.state == Draft.State.WITHDRAWN)
        for draft in drafts.order_by("-published_at")[:SHOWN]
    ]


def _in_menus(account: OfficialAccount) -> list[LinkedArticle]:
    items = MenuItem.objects.filter(version__menu__account=account).exclude(article_id="")
    named = items.order_by("article_id", "-version_id").distinct("article_id")
    return [LinkedArticle(item.article_id, item.article_title or item.name) for item in named]
