"""The calls for drafts of articles and their publication. WeChat reference 12.3 and 12.4."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wechat.sdk.answers import LARGEST, length, needed, number, part, rows, seconds, text
from wechat.sdk.client import Client

PAGE = 20
RUNNING = 1

Article = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A draft (``key`` is its media_id) or a publication (its article_id); ``updated_at`` in Unix seconds."""

    key: str
    articles: Sequence[Article]
    updated_at: int


@dataclass(frozen=True, slots=True)
class DraftPage:
    """A page of a list; ``following`` is the offset of the next one, ``None`` behind the last."""

    listed: Sequence[Listed]
    following: int | None


@dataclass(frozen=True, slots=True)
class PublicationStatus:
    """A publication.

    ``status``: 0 done, 1 running, 2 not original, 3 failed, 4 refused, 5 deleted, 6 blocked.
    """

    status: int
    article_id: str
    urls: Sequence[str]


def add(client: Client, articles: Sequence[Article]) -> str:
    """Creates a draft and returns its media_id.

    Raises ApiError 45003, 45004, 45166 for what is too long, 40007 for a picture.
    """
    api = "/cgi-bin/draft/add"
    return needed(client.post(api, {"articles": list(articles)}), "media_id", api)


def update(client: Client, media_id: str, index: int, article: Article) -> None:
    client.post("/cgi-bin/draft/update", {"media_id": media_id, "index": index, "articles": article})


def get(client: Client, media_id: str) -> list[Article]:
    """Returns a draft. Raises ApiError 40007 once the draft is published or deleted."""
    return [*rows(client.post("/cgi-bin/draft/get", {"media_id": media_id}), "news_item")]


def delete(client: Client, media_id: str) -> None:
    client.post("/cgi-bin/draft/delete", {"media_id": media_id})


def page(client: Client, offset: int) -> DraftPage:
    """Returns up to twenty drafts behind so many, newest first."""
    return _page(client, "/cgi-bin/draft/batchget", "media_id", offset)


def published_page(client: Client, offset: int) -> DraftPage:
    """Returns up to twenty publications behind so many, newest first. A hundred calls a day."""
    return _page(client, "/cgi-bin/freepublish/batchget", "article_id", offset)


def every_published(client: Client) -> Iterator[Listed]:
    """Yields all publications, newest first, twenty a call."""
    offset: int | None = 0
    while offset is not None:
        found = published_page(client, offset)
        yield from found.listed
        offset = found.following


def submit(client: Client, media_id: str) -> str:
    """Publishes the draft; returns the publish_id with which to ask for the result."""
    api = "/cgi-bin/freepublish/submit"
    return needed(client.post(api, {"media_id": media_id}), "publish_id", api)


def publication(client: Client, publish_id: str) -> PublicationStatus:
    answer = client.post("/cgi-bin/freepublish/get", {"publish_id": publish_id})
    urls = [text(each, "article_url") for each in rows(part(answer, "article_detail"), "item")]
    # Without a status nothing is decided: it is asked for again.
    return PublicationStatus(number(answer, "publish_status", RUNNING), text(answer, "article_id"), urls)


def withdraw(client: Client, article_id: str) -> None:
    """Deletes all articles of a publication, so that nobody can read them any more."""
    client.post("/cgi-bin/freepublish/delete", {"article_id": article_id, "index": 0})


def preview(client: Client, media_id: str, *, wechat_id: str) -> None:
    """Sends the draft to one person by WeChat id; 100 a day. WeChat reference 11."""
    client.post(
        "/cgi-bin/message/mass/preview",
        {"towxname": wechat_id, "mpnews": {"media_id": media_id}, "msgtype": "mpnews"},
    )


def _page(client: Client, api: str, key: str, offset: int) -> DraftPage:
    answer = client.post(api, {"offset": offset, "count": PAGE, "no_content": 0})
    listed = [
        Listed(text(each, key), rows(part(each, "content"), "news_item"), seconds(each, "update_time"))
        for each in rows(answer, "item")
        if text(each, key)
    ]
    behind = offset + length(answer, "item")
    # Without a total there are pages until one is empty.
    is_last = behind == offset or behind >= number(answer, "total_count", LARGEST)
    return DraftPage(listed, None if is_last else behind)
