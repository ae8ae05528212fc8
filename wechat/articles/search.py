"""The search source of articles, by title."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.staff.rights import Area
from accounts.staff.search import MOST, Found, page_of, source
from wechat.articles.models import Article
from wechat.console.by_name import named


@source("articles.articles", gettext_lazy("Articles"), "article", Area.CONTENT)
def articles(account: OfficialAccount, wanted: str) -> Iterator[Found]:
    rows = Article.objects.filter(draft__account=account).select_related("draft")
    for article in named(rows, "title", wanted, MOST):
        yield Found(article.title, str(article.draft.get_state_display()), page_of(article.draft))
