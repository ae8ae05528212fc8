"""The reading of an account's drafts and publications from the platform, made on its own page.

One page is read at a time; after an interruption the reading resumes behind the last page.

A draft that was edited here since then is marked and not overwritten.
"""

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.articles import cleaning
from wechat.articles.models import AUTHOR, DIGEST, TITLE, Article, ArticleReading, Draft
from wechat.kernel import work
from wechat.sdk import answers
from wechat.sdk.answers import flag, text
from wechat.sdk.calls import drafts

READINGS = work.Kind(
    "articles.read",
    lambda: ArticleReading.objects.select_related("account"),
    label=gettext_lazy("Reading drafts and articles"),
    queue=work.BULK,
)


def ask(account: OfficialAccount) -> None:
    """Queues the reading of all drafts and publications, unless one is under way."""
    begun = {"due_at": timezone.now(), "attempts": 0, "error": "", "errcode": None}
    row, made = ArticleReading.objects.get_or_create(account=account, defaults=begun)
    if not made and row.due_at is None:
        anew = {**begun, "drafts_read": False, "offset": 0, "found": 0}
        ArticleReading.objects.filter(pk=row.pk, due_at=None).update(**anew)


@READINGS.each
def read(reading: ArticleReading) -> None:
    """Reads one page and schedules the next; the platform allows a hundred pages of publications a day."""
    client, account = client_for(reading.account), reading.account
    if reading.drafts_read:
        page, take = drafts.published_page(client, reading.offset), _take_publication
    else:
        page, take = drafts.page(client, reading.offset), _take_draft
    found = reading.found + sum(take(account, listed) for listed in page.listed)
    if page.following is not None:
        reading.done(found=found, offset=page.following, due_at=timezone.now())
    elif not reading.drafts_read:
        reading.done(found=found, drafts_read=True, offset=0, due_at=timezone.now())
    else:
        reading.done(found=found, read_at=timezone.now())


@transaction.atomic
def _take_draft(account: OfficialAccount, listed: drafts.Listed) -> int:
    draft, made = Draft.objects.select_for_update().get_or_create(account=account, media_id=listed.key)
    if not made and listed.updated_at <= draft.platform_time:
        return 1
    if not made and (draft.is_changed or draft.work):
        Draft.objects.filter(pk=draft.pk).update(changed_there=True)
        return 1
    _write(draft, listed)
    # A new revision, because a waiting approval is for the former text.
    revision = draft.revision if made else draft.revision + 1
    Draft.objects.filter(pk=draft.pk).update(
        state=Draft.State.SAVED,
        revision=revision,
        saved_revision=revision,
        saved_articles=len(listed.articles),
        platform_time=listed.updated_at,
        changed_there=False,
    )
    return 1


@transaction.atomic
def _take_publication(account: OfficialAccount, listed: drafts.Listed) -> int:
    draft, made = Draft.objects.get_or_create(account=account, article_id=listed.key)
    if made:
        _write(draft, listed)
        Draft.objects.filter(pk=draft.pk).update(
            state=Draft.State.PUBLISHED,
            saved_revision=draft.revision,
            publish_status=0,
            urls=[text(each, "url") for each in listed.articles],
            published_at=datetime.datetime.fromtimestamp(listed.updated_at, datetime.UTC),
        )
    return 1


def _write(draft: Draft, listed: drafts.Listed) -> None:
    draft.articles.all().delete()
    for position, each in enumerate(listed.articles):
        Article.objects.create(draft=draft, position=position, **_fields(each))


def _fields(article: drafts.Article) -> dict[str, Any]:
    pictures = answers.rows(answers.part(article, "image_info"), "image_list")
    return {
        "kind": "newspic" if article.get("article_type") == "newspic" else "news",
        "title": text(article, "title")[:TITLE],
        "author": text(article, "author")[:AUTHOR],
        "digest": text(article, "digest")[:DIGEST],
        "content": cleaning.clean(text(article, "content")),
        "source_url": text(article, "content_source_url")[:1000],
        "platform_cover": text(article, "thumb_media_id"),
        "platform_pictures": [found for each in pictures if (found := text(each, "image_media_id"))],
        "comments": bool(flag(article, "need_open_comment")),
        "followers_only": bool(flag(article, "only_fans_can_comment")),
    }
