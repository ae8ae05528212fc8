"""The failure sources of articles: saving and publishing them, and reading them from WeChat."""

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.official.models import OfficialAccount
from accounts.operations.failures import SOURCES, FailureSource
from accounts.staff.rights import Area
from wechat.articles import reading
from wechat.articles.models import ArticleReading, Draft
from wechat.kernel import work


def _drafts(account: OfficialAccount) -> QuerySet[Draft]:
    """Returns the drafts with an error.

    They are retried on their own pages, because the error may be about saving or about publishing.
    """
    return Draft.objects.filter(work.GIVEN_UP, account=account)


def _page(draft: Draft) -> str:
    return reverse("admin:articles_draft_change", args=[draft.pk])


def _readings(account: OfficialAccount) -> QuerySet[ArticleReading]:
    return ArticleReading.objects.filter(work.GIVEN_UP, account=account)


def _read_again(rows: QuerySet[ArticleReading]) -> int:
    found = list(rows.select_related("account"))
    for row in found:
        reading.ask(row.account)
    work.wake("articles.read")
    return len(found)


SOURCES.add(
    "articles",
    FailureSource(gettext_lazy("Saving and publishing articles"), Area.CONTENT, _drafts, None, _page),
)
SOURCES.add(
    "article_readings",
    FailureSource(gettext_lazy("Reading drafts and articles"), Area.CONTENT, _readings, _read_again),
)
