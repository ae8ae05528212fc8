"""The worker's tasks for drafts: save, preview, publish and take back at the platform.

A draft is *publishing* in Postgres before the platform is called. If the answer is lost, the platform's
drafts tell the outcome: a draft that is no longer among them was published, one that still is was not.
"""

import datetime
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from wechat.articles import pictures
from wechat.articles.models import Article, Draft
from wechat.console.phrases import labelled
from wechat.kernel import work
from wechat.materials.models import Asset
from wechat.sdk.answers import text
from wechat.sdk.calls import drafts
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError, WeChatError

log = logging.getLogger(__name__)

State, Work = Draft.State, Draft.Work

DRAFTS = work.Kind(
    "articles.work_off",
    lambda: Draft.objects.select_related("account"),
    label=gettext_lazy("Saving and publishing articles"),
    queue=work.BULK,
    divided_by="work",
    parts=dict(Work.choices),
    # A day: a publication whose answer was lost is looked for, however long the platform takes.
    retry=[datetime.timedelta(seconds=seconds) for seconds in (5, 30, 300, *[1800] * 48)],
    asks=Q(work=Work.PUBLISH) & ~Q(state=State.PUBLISHING),
)
FOLLOW_AFTER = datetime.timedelta(seconds=10)
UNKNOWN_MEDIA = 40007
RUNNING, DONE, DELETED = 1, 0, 5
# A draft that the platform no longer has.
ONLY_HERE = {"state": State.EDITED, "media_id": "", "saved_revision": 0, "saved_articles": 0}
# A draft that left the platform's drafts and is not listed as published by then was deleted there.
LISTED_WITHIN = datetime.timedelta(days=1)
# The most that the platform's clock may be behind ours.
CLOCKS_DIFFER = datetime.timedelta(minutes=5)


class ArticleNotReady(work.NotYet):
    """A picture is not yet uploaded to the platform, or the article is still being published."""

    def __init__(self, after: datetime.timedelta = FOLLOW_AFTER) -> None:
        super().__init__(after)


def ask(draft: Draft, step: Draft.Work, *, at: datetime.datetime | None = None, preview_to: str = "") -> bool:
    """Queues a step for the given time or now; returns ``False`` if other work is queued already.

    The same if the draft's state has changed since it was read.
    """
    free = Draft.objects.filter(pk=draft.pk, state=draft.state, work=Work.NONE)
    asked = free.update(
        work=step,
        due_at=at or timezone.now(),
        publish_at=at,
        attempts=0,
        errcode=None,
        error="",
        preview_to=preview_to,
    )
    work.wake(DRAFTS.name)
    return bool(asked)


@DRAFTS.calls_off
def cancel_publication(draft: Draft) -> bool:
    """Cancels a publication; returns ``False`` if it has begun.

    A worker that saves the draft before it publishes it finds its lease gone, and does not publish.
    """
    waiting = Draft.objects.filter(pk=draft.pk, work=Work.PUBLISH).exclude(state=State.PUBLISHING)
    return bool(waiting.update(work=Work.NONE, due_at=None))


def mark_mass_sent(draft: Draft) -> None:
    """Records that a draft was mass-sent, which removes it from the platform's drafts.

    The text here can be saved to the platform again.
    """
    Draft.objects.filter(pk=draft.pk, media_id=draft.media_id, state=State.SAVED).update(**ONLY_HERE)


@DRAFTS.each
def work_on(draft: Draft) -> None:
    """Performs the queued step at the platform. A publication whose answer was lost is looked for first."""
    STEPS[Draft.Work(draft.work)](client_for(draft.account), draft)


def _save(client: Client, draft: Draft) -> None:
    _bring_up_to_date(client, draft)
    _done(draft)


def _bring_up_to_date(client: Client, draft: Draft) -> None:
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
        if error.errcode != UNKNOWN_MEDIA or _is_in_box(client, draft):
            raise
        return False
    return True


def _is_in_box(client: Client, draft: Draft) -> bool:
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
    _remove_copies(draft, state=State.SAVED, media_id=saved["media_id"])
    now = {**saved, "state": State.SAVED, "changed_there": False}
    now["platform_time"] = int(timezone.now().timestamp())
    # Not if the state was changed by somebody else meanwhile.
    Draft.objects.filter(pk=draft.pk, state=draft.state).update(**now)
    for name, value in now.items():
        setattr(draft, name, value)


def _remove_copies(draft: Draft, **known: object) -> None:
    """Deletes drafts that a reading created of the same thing before its id was known here."""
    Draft.objects.filter(account=draft.account_id, **known).exclude(pk=draft.pk).delete()


def _publish(client: Client, draft: Draft) -> None:
    if draft.state == State.PUBLISHING:
        _find_out(client, draft)
        return
    _bring_up_to_date(client, draft)
    if draft.settle(state=State.PUBLISHING, submitted_at=timezone.now()):
        _submit(client, draft)


def _find_out(client: Client, draft: Draft) -> None:
    """Finds out the outcome of an earlier attempt whose answer was lost.

    A draft that is still among the platform's drafts was not published, and is published now.
    """
    if _is_in_box(client, draft):
        _submit(client, draft)
    else:
        _look_among_published(client, draft)


def _submit(client: Client, draft: Draft) -> None:
    with _in_box(draft):
        publish_id = drafts.submit(client, draft.media_id)
        draft.done(publish_id=publish_id, work=Work.FOLLOW, due_at=timezone.now() + FOLLOW_AFTER)


def _look_among_published(client: Client, draft: Draft) -> None:
    """Looks for a draft that left the platform's drafts among the published articles.

    Raises ``ArticleNotReady`` while it is not listed there but still may be, as it is being published.
    """
    assert draft.submitted_at is not None
    titles = [article.title for article in draft.articles.all()]
    for listed in _published_since(client, draft, draft.submitted_at - CLOCKS_DIFFER):
        if [text(each, "title") for each in listed.articles] == titles:
            urls = [text(each, "url") for each in listed.articles]
            _published(draft, drafts.PublicationStatus(DONE, listed.key, urls))
            return
    if timezone.now() - draft.submitted_at < LISTED_WITHIN:
        raise ArticleNotReady(_pause(draft))
    _gone(draft)


def _pause(draft: Draft) -> datetime.timedelta:
    """Returns when to ask again about a publication: the longer it takes, the less often.

    The platform answers a hundred such questions a day, and tells by itself once it is done.
    """
    assert draft.submitted_at is not None
    return max(FOLLOW_AFTER, (timezone.now() - draft.submitted_at) / 2)


def _published_since(client: Client, draft: Draft, since: datetime.datetime) -> Iterator[drafts.Listed]:
    """Yields publications since that time that belong to no other draft.

    A publication that a reading found has no platform draft: it may be the one that is looked for.
    """
    others = Draft.objects.filter(account=draft.account_id).exclude(article_id="").exclude(media_id="")
    theirs = set(others.values_list("article_id", flat=True))
    for listed in drafts.every_published(client):
        if listed.updated_at >= since.timestamp() and listed.key not in theirs:
            yield listed


@contextmanager
def _in_box(draft: Draft) -> Iterator[None]:
    """Gives up the work if the platform refuses a call because its draft is gone."""
    try:
        yield
    except ApiError as error:
        if error.errcode != UNKNOWN_MEDIA:
            raise
        _gone(draft)


def _gone(draft: Draft) -> None:
    """Gives up the work, because staff deleted or published the platform's draft on its own page.

    It is not saved and published again automatically: it may be published already.
    """
    draft.give_up(_("It is no longer among WeChat's drafts: save it again."), **ONLY_HERE)


def _follow(client: Client, draft: Draft) -> None:
    publication = drafts.publication(client, draft.publish_id)
    if publication.status == RUNNING:
        raise ArticleNotReady(_pause(draft))
    if publication.status == DONE:
        _published(draft, publication)
    else:
        _done(draft, state=State.REFUSED, publish_status=publication.status, media_id="", saved_revision=0)


@transaction.atomic
def _published(draft: Draft, publication: drafts.PublicationStatus) -> None:
    _remove_copies(draft, state=State.PUBLISHED, article_id=publication.article_id)
    _done(
        draft,
        state=State.PUBLISHED,
        publish_status=publication.status,
        article_id=publication.article_id,
        urls=list(publication.urls),
        published_at=timezone.now(),
    )


def _withdraw(client: Client, draft: Draft) -> None:
    drafts.withdraw(client, draft.article_id)
    _done(draft, state=State.WITHDRAWN, publish_status=DELETED)


def _preview(client: Client, draft: Draft) -> None:
    _bring_up_to_date(client, draft)
    with _in_box(draft):
        drafts.preview(client, draft.media_id, wechat_id=draft.preview_to)
        _done(draft)


STEPS: Mapping[Draft.Work, Callable[[Client, Draft], None]] = {
    Work.SAVE: _save,
    Work.PUBLISH: _publish,
    Work.FOLLOW: _follow,
    Work.WITHDRAW: _withdraw,
    Work.PREVIEW: _preview,
}


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


def _done(draft: Draft, **outcome: object) -> None:
    draft.done(work=Work.NONE, **outcome)
