"""The autosave of articles: an unsaved text is kept on the server, and offered again after a crash.

The text is cleaned as for saving, so that the preview shows what will be sent. A window never overwrites
what another window autosaved or saved: it is told, and asks the user.
"""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.official.models import OfficialAccount
from accounts.staff.colleagues import name_of
from accounts.staff.gate import named_account_page, reader
from accounts.staff.rights import Area
from wechat.articles import cleaning
from wechat.articles.cleaning import Cleaned
from wechat.articles.models import MOST_ARTICLES, Autosave, Draft
from wechat.kernel import retention
from wechat.kernel.row_ids import row_id
from wechat.sdk.text import load_json

# Enough for eight texts of the greatest length, without pictures, which are in the library by then.
LARGEST = 4 * 1024 * 1024
FIELDS = ("id", "title", "author", "digest", "source_url", "content")


class NotSaved(Exception):
    """A text was not autosaved.

    The message tells staff why; ``version`` is that of another window, if there is one.
    """

    def __init__(self, sentence: str, version: int | None = None) -> None:
        super().__init__(sentence)
        self.version = version


@dataclass(frozen=True, slots=True)
class Place:
    """The page on which a text is written.

    It is the page of a draft, or that of a new one, which has a token and a single user.
    """

    account: OfficialAccount
    user: User
    draft: Draft | None
    token: uuid.UUID | None

    def rows(self) -> QuerySet[Autosave]:
        if self.draft is not None:
            return Autosave.objects.filter(draft=self.draft)
        return Autosave.objects.filter(account=self.account, user=self.user, draft=None)


@require_http_methods(["GET", "POST", "DELETE"])
@named_account_page(Area.CONTENT, change=True)
def autosave(request: HttpRequest, account: OfficialAccount) -> JsonResponse:
    """Returns the autosave of the page (GET), stores the file ``articles`` (POST), or deletes it (DELETE)."""
    place = _place(request, account)
    if place is None:
        return JsonResponse({"error": _("There is nothing at this address.")}, status=404)
    if request.method == "GET":
        return JsonResponse(_offered(place))
    if request.method == "DELETE":
        _rows_of_page(place).delete()
        return JsonResponse({})
    try:
        return JsonResponse(_save_posted(place, _posted(request)))
    except NotSaved as error:
        return JsonResponse({"error": str(error), "version": error.version}, status=409)


def discard(draft: Draft, user: User, token: str) -> None:
    """Deletes the autosave of a page that is being saved."""
    Autosave.objects.filter(draft=draft).delete()
    if (page := _uuid(token)) is not None:
        Autosave.objects.filter(user=user, token=page).delete()


def _place(request: HttpRequest, account: OfficialAccount) -> Place | None:
    if number := row_id(request.GET.get("draft", "")):
        draft = Draft.objects.filter(account=account, pk=number).first()
        return Place(account, reader(request), draft, None) if draft else None
    token = _uuid(request.GET.get("token", ""))
    return Place(account, reader(request), None, token) if token else None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _rows_of_page(place: Place) -> QuerySet[Autosave]:
    return place.rows() if place.draft else place.rows().filter(token=place.token)


def _offered(place: Place) -> dict[str, Any]:
    """Returns the autosave for a page, or an empty mapping.

    A page shown again gets its own autosave, a new page the user's newest unsaved one.
    """
    row = _rows_of_page(place).first() or place.rows().order_by("-saved_at").first()
    return {} if row is None else {**_version_payload(row), "articles": row.articles}


def _version_payload(row: Autosave) -> dict[str, Any]:
    return {
        "version": row.version,
        "token": str(row.token or ""),
        "at": timezone.localtime(row.saved_at).strftime("%m-%d %H:%M:%S"),
        "who": name_of(row.user),
    }


def _posted(request: HttpRequest) -> dict[str, Any]:
    """Returns the posted version, revision and articles.

    Raises ``NotSaved`` for data that no page of ours sends.
    """
    file = request.FILES.get("articles")
    if file is None or file.size is None or file.size > LARGEST:
        raise NotSaved(_("This is too large to be kept while you write: save it."))
    try:
        posted = load_json(file.read())
        articles = [{name: str(each.get(name, "")) for name in FIELDS} for each in posted["articles"]]
        return {"version": int(posted["version"]), "seen": int(posted["seen"]), "articles": articles}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        raise NotSaved(_("What was sent could not be read.")) from None


def _save_posted(place: Place, posted: dict[str, Any]) -> dict[str, Any]:
    articles: list[dict[str, str]] = posted["articles"][:MOST_ARTICLES]
    texts = [cleaning.cleaned(article["content"]) for article in articles]
    for article, text in zip(articles, texts, strict=True):
        article["content"] = text.html
    row = _store(place, posted["version"], posted["seen"], articles)
    return {**_version_payload(row), "articles": [_shown(text) for text in texts]}


def _shown(text: Cleaned) -> dict[str, str]:
    return {"html": text.html, "dropped": text.dropped}


@transaction.atomic
def _store(place: Place, version: int, seen: int, articles: list[dict[str, str]]) -> Autosave:
    """Stores the text and returns its row.

    Raises ``NotSaved`` if another window has autosaved or saved the article since.
    """
    if place.draft is not None:
        draft = Draft.objects.select_for_update().get(pk=place.draft.pk)
        if draft.revision != seen or not draft.may_be_edited:
            raise NotSaved(
                _("This article was saved in another window, or is being published: open it anew.")
            )
    row = _rows_of_page(place).select_for_update().first()
    if row is None:
        row = Autosave(account=place.account, draft=place.draft, token=place.token, version=version)
    elif row.version != version:
        raise NotSaved(
            _(
                "%(who)s writes on this article in another window as well (%(at)s). "
                "What you write is not kept."
            )
            % _version_payload(row),
            row.version,
        )
    row.articles, row.user, row.version = articles, place.user, version + 1
    row.save()
    return row


def _oldest(before: datetime.datetime, limit: int) -> Sequence[Autosave]:
    return list(Autosave.objects.filter(saved_at__lt=before).order_by("saved_at")[:limit])


def _delete(rows: Sequence[Autosave]) -> None:
    Autosave.objects.filter(pk__in=[row.pk for row in rows]).delete()


retention.register(
    "unsaved_articles", gettext_lazy("Articles that were written and not saved"), _oldest, _delete
)
