"""The platform's draft of an article, made from the text and pictures here and kept up to date."""

import datetime
import logging
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from wechat.articles import pictures
from wechat.articles.models import Article, Draft
from wechat.console.phrases import labelled
from wechat.kernel import work
from wechat.materials.models import Asset
from wechat.sdk.calls import drafts
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, WeChatError

log = logging.getLogger(__name__)

State = Draft.State

UNKNOWN_MEDIA = 40007
A_MOMENT = datetime.timedelta(seconds=10)


class ArticleNotReady(work.NotYet):
    """A picture is not yet uploaded to the platform, or the article is still being published."""

    def __init__(self, after: datetime.timedelta = A_MOMENT) -> None:
        super().__init__(after)


def bring_up_to_date(client: Client, draft: Draft) -> None:
    """Updates the platform's draft to the text here. A lost answer may leave a second one."""
    if not draft.is_changed and draft.media_id:
        return
    revision = draft.revision
    articles = [_written(draft, _adopted(draft, article)) for article in draft.articles.all()]
    former = draft.media_id
    in_place = bool(former) and len(articles) == draft.saved_articles and _updated(client, draft, articles)
    _saved(
        draft,
        media_id=former if in_place else drafts.add(client, articles),
        saved_revision=revision,
        saved_articles=len(articles),
    )
    if former and former != draft.media_id:
        _delete(client, former)


def _updated(client: Client, draft: Draft, articles: Sequence[drafts.Article]) -> bool:
    """Updates the platform's draft; returns ``False`` if it is no longer there.

    Staff may have deleted or published it on the platform's own page.
    """
    try:
        for index, article in enumerate(articles):
            drafts.update(client, draft.media_id, index, article)
    except ApiError as error:
        if error.errcode != UNKNOWN_MEDIA or is_in_box(client, draft):
            raise
        return False
    return True


def is_in_box(client: Client, draft: Draft) -> bool:
    """Returns whether the draft is among the platform's drafts."""
    try:
        drafts.get(client, draft.media_id)
    except ApiError as error:
        if error.errcode != UNKNOWN_MEDIA:
            raise
        return False
    return True


@transaction.atomic
def _saved(draft: Draft, **saved: object) -> None:
    """Records the state of the platform's draft, even if the publication was cancelled meanwhile."""
    remove_copies(draft, state=State.SAVED, media_id=saved["media_id"])
    now = {**saved, "state": State.SAVED, "changed_there": False}
    now["platform_time"] = int(timezone.now().timestamp())
    # Not if the state was changed by somebody else meanwhile.
    Draft.objects.filter(pk=draft.pk, state=draft.state).update(**now)
    for name, value in now.items():
        setattr(draft, name, value)


def remove_copies(draft: Draft, **known: object) -> None:
    """Deletes drafts that a reading created of the same thing before its id was known here."""
    Draft.objects.filter(account=draft.account_id, **known).exclude(pk=draft.pk).delete()


def _delete(client: Client, media_id: str) -> None:
    try:
        drafts.delete(client, media_id)
    except WeChatError as error:
        # A leftover draft at the platform can be deleted there, and is no reason to stop.
        log.warning("draft_left_behind", extra={"error": str(error)})


def _adopted(draft: Draft, article: Article) -> Article:
    """Returns the article with all its pictures in the library."""
    content = pictures.move_external_pictures(draft.account, article.content)
    if content != article.content:
        article.content = content
        Article.objects.filter(pk=article.pk).update(content=content)
    return article


def _written(draft: Draft, article: Article) -> dict[str, Any]:
    """Returns the article in the platform's form."""
    payload: dict[str, Any] = {
        "article_type": article.kind,
        "title": article.title,
        "content": pictures.for_platform(draft.account, article.content),
        "need_open_comment": int(article.comments),
        "only_fans_can_comment": int(article.followers_only),
    }
    if article.kind == Article.Kind.NEWSPIC:
        ids = [_media_id(asset) for asset in _in_order(draft, article)] or article.platform_pictures
        return {**payload, "image_info": {"image_list": [{"image_media_id": each} for each in ids]}}
    payload |= {"author": article.author, "digest": article.digest, "content_source_url": article.source_url}
    cover = _media_id(article.cover) if article.cover else article.platform_cover
    return {**payload, "thumb_media_id": cover, **pictures.crops(article)}


def _in_order(draft: Draft, article: Article) -> list[Asset]:
    found = Asset.objects.filter(account=draft.account_id).in_bulk(article.pictures)
    return [found[pk] for pk in article.pictures if pk in found]


def _media_id(asset: Asset) -> str:
    if not asset.permanent:
        raise ValidationError(
            _("WeChat keeps “%(name)s” for 3 days only: make it permanent in the media library.")
            % {"name": asset}
        )
    if not asset.media_id:
        if asset.state == Asset.State.FAILED:
            raise ValidationError(labelled(asset, asset.error))
        raise ArticleNotReady
    return asset.media_id
