"""The registrations of articles: results of publications, and files in use."""

from collections.abc import Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.official import links
from accounts.official.links import PageLink
from accounts.official.models import OfficialAccount
from wechat.articles import approval, pictures
from wechat.articles.models import Article, Draft
from wechat.inbox.routing import InboundEvent, reacts
from wechat.kernel import work
from wechat.materials import usage
from wechat.materials.models import Asset
from wechat.sdk.messages import PublishFinished

# Registered by being imported.
__all__ = ["approval", "articles_with", "look_now", "published"]


@reacts(PublishFinished)
def look_now(event: InboundEvent) -> None:
    """Has a draft ask at once whether it is published.

    It asks the platform itself; this only saves it the waiting.
    """
    assert isinstance(event.message, PublishFinished)
    waiting = Draft.objects.filter(
        account=event.account, publish_id=event.message.publish_id, work=Draft.Work.FOLLOW
    )
    if waiting.update(due_at=timezone.now()):
        work.wake("articles.work_off")


@links.register
def published(account: OfficialAccount) -> Iterator[PageLink]:
    drafts = Draft.objects.filter(account=account, state=Draft.State.PUBLISHED).prefetch_related("articles")
    for draft in drafts.order_by("-published_at")[:200]:
        for article, url in zip(draft.articles.all(), draft.urls, strict=False):
            yield PageLink(url, article.title, _("Published articles"))


@usage.register
def articles_with(asset: Asset) -> list[str]:
    shown = Article.objects.filter(draft__account=asset.account_id, content__contains=pictures.address(asset))
    using = [
        *Article.objects.filter(cover=asset),
        *Article.objects.filter(draft__account=asset.account_id, pictures__contains=[asset.pk]),
        *shown,
    ]
    return [
        _("article “%(title)s”") % {"title": title} for title in dict.fromkeys(each.title for each in using)
    ]
