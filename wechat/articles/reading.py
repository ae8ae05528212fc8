"""The import of drafts and publications that were made on the platform's own page.

A draft that was edited here since stays as it is here and is marked; nothing of ours is overwritten.
"""

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.official.clients import client_for
from accounts.official.models import OfficialAccount
from wechat.articles import cleaning
from wechat.articles.models import AUTHOR, DIGEST, TITLE, Article, Draft, Reading
from wechat.kernel import work
from wechat.sdk.calls import drafts

READINGS = work.Kind(
    "articles.read",
    lambda: Reading.objects.select_related("account"),
    label=gettext_lazy("Reading drafts and articles"),
    queue=work.BULK,
)


def ask(account: OfficialAccount) -> None:
    Reading.objects.update_or_create(
        account=account, defaults={"due_at": timezone.now(), "attempts": 0, "error": ""}
    )


@READINGS.each
def read(reading: Reading) -> None:
    """Reads an account's drafts and publications."""
    client, account = client_for(reading.account), reading.account
    found = sum(_take_draft(account, listed) for listed in drafts.every(client))
    found += sum(_take_publication(account, listed) for listed in drafts.every_published(client))
    reading.done(read_at=timezone.now(), found=found)


@transaction.atomic
def _take_draft(account: OfficialAccount, listed: drafts.Listed) -> int:
    draft, made = Draft.objects.select_for_update().get_or_create(account=account, media_id=listed.key)
    if not made and listed.updated_at <= draft.platform_time:
        return 1
    if not made and (draft.is_changed or draft.work):
        Draft.objects.filter(pk=draft.pk).update(changed_there=True)
        return 1
    _write(draft, listed)
    # Whoever approved what stood here did not see this.
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
            urls=[str(each.get("url", ""))[:500] for each in listed.articles],
            published_at=datetime.datetime.fromtimestamp(listed.updated_at, datetime.UTC),
        )
    return 1


def _write(draft: Draft, listed: drafts.Listed) -> None:
    draft.articles.all().delete()
    for position, each in enumerate(listed.articles):
        Article.objects.create(draft=draft, position=position, **_fields(each))


def _fields(article: drafts.Article) -> dict[str, Any]:
    pictures = (article.get("image_info") or {}).get("image_list") or []
    return {
        "kind": "newspic" if article.get("article_type") == "newspic" else "news",
        "title": str(article.get("title", ""))[:TITLE],
        "author": str(article.get("author", ""))[:AUTHOR],
        "digest": str(article.get("digest", ""))[:DIGEST],
        "content": cleaning.clean(str(article.get("content", ""))),
        "source_url": str(article.get("content_source_url", ""))[:1000],
        "platform_cover": str(article.get("thumb_media_id", ""))[:255],
        "platform_pictures": [str(each.get("image_media_id", ""))[:255] for each in pictures],
        "comments": bool(article.get("need_open_comment")),
        "followers_only": bool(article.get("only_fans_can_comment")),
    }
