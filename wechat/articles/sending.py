"""The worker's tasks for drafts: save, preview, publish and take back at the platform.

A draft is *publishing* in Postgres before the platform is called. If the answer is lost, the platform's
drafts tell the outcome: a draft that is no longer among them was published, one that still is was not.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from wechat.articles import platform_draft
from wechat.articles.models import Draft
from wechat.articles.platform_draft import ArticleNotReady
from wechat.kernel import work
from wechat.sdk.answers import text
from wechat.sdk.calls import drafts
from wechat.sdk.client import Client
from wechat.sdk.errors import ApiError

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
RUNNING, DONE, DELETED = 1, 0, 5
# A draft that the platform no longer has.
ONLY_HERE = {"state": State.EDITED, "media_id": "", "saved_revision": 0, "saved_articles": 0}
# A draft that left the platform's drafts and is not listed as published by then was deleted there.
LISTED_WITHIN = datetime.timedelta(days=1)
# The most that the platform's clock may be behind ours.
CLOCKS_DIFFER = datetime.timedelta(minutes=5)


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


@DRAFTS.cancels
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
    platform_draft.bring_up_to_date(client, draft)
    _done(draft)


def _publish(client: Client, draft: Draft) -> None:
    if draft.state == State.PUBLISHING:
        _find_out(client, draft)
        return
    platform_draft.bring_up_to_date(client, draft)
    if draft.settle(state=State.PUBLISHING, submitted_at=timezone.now()):
        _submit(client, draft)


def _find_out(client: Client, draft: Draft) -> None:
    """Finds out the outcome of an earlier attempt whose answer was lost.

    A draft that is still among the platform's drafts was not published, and is published now.
    """
    if platform_draft.is_in_box(client, draft):
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
        if error.errcode != platform_draft.UNKNOWN_MEDIA:
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
    platform_draft.remove_copies(draft, state=State.PUBLISHED, article_id=publication.article_id)
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
    platform_draft.bring_up_to_date(client, draft)
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


def _done(draft: Draft, **outcome: object) -> None:
    draft.done(work=Work.NONE, **outcome)
