"""Drafts (WeChat reference 12.3)."""

from __future__ import annotations

import re
import secrets
from typing import Any

from simulator.api.calls import OK, Answer, Call, api
from simulator.drafts import Draft
from simulator.errors import ApiError

MOST = 8
PICTURES = 20
LENGTHS = {
    "title": (32, 45003),
    "author": (16, 45166),
    "digest": (128, 45004),
    "content_source_url": (1024, 45166),
}
CONTENT_CHARACTERS, CONTENT_BYTES = 20_000, 1024 * 1024
PICTURE = re.compile(r"<img\b[^>]*?\bsrc=[\"']([^\"']+)", re.IGNORECASE)
PLATFORM = tuple(f"{scheme}://mmbiz.{host}.cn/" for scheme in ("http", "https") for host in ("qpic", "qlogo"))
SCRIPT = re.compile(r"<script\b.*?</script>", re.IGNORECASE | re.DOTALL)


def checked(call: Call, given: Any) -> dict[str, Any]:
    """Returns an article as the platform stores it. Raises the platform's error if it is invalid."""
    if not isinstance(given, dict) or not given.get("title"):
        raise ApiError(47001)
    if any(not isinstance(given.get(name) or "", str) for name in (*LENGTHS, "content")):
        raise ApiError(47001)
    for name, (most, code) in LENGTHS.items():
        if len(given.get(name) or "") > most:
            raise ApiError(code)
    content = SCRIPT.sub("", given.get("content") or "")
    if len(content) >= CONTENT_CHARACTERS or len(content.encode()) >= CONTENT_BYTES:
        raise ApiError(45166)
    kind = given.get("article_type", "news")
    CHECKS.get(str(kind), no_kind)(call, given, content)
    # Pictures from other hosts are dropped without an error, as on the platform.
    own = (f"{call.world.addresses.mp}/mmbiz/", *PLATFORM)
    content = PICTURE.sub(lambda found: found[0] if found[1].startswith(own) else "<img", content)
    url = f"{call.world.addresses.mp}/s/tempkey"
    return {**given, "article_type": kind, "content": content, "url": url}


def no_kind(call: Call, given: dict[str, Any], content: str) -> None:
    raise ApiError(47001)


def news(call: Call, given: dict[str, Any], content: str) -> None:
    if not content.strip():
        raise ApiError(44004)
    picture(call, given.get("thumb_media_id"))


def newspic(call: Call, given: dict[str, Any], content: str) -> None:
    info = given.get("image_info")
    pictures = info.get("image_list") if isinstance(info, dict) else None
    if not isinstance(pictures, list) or not 0 < len(pictures) <= PICTURES:
        raise ApiError(40007)
    if not all(isinstance(each, dict) for each in pictures):
        raise ApiError(47001)
    for each in pictures:
        picture(call, each.get("image_media_id"))


def picture(call: Call, media_id: Any) -> None:
    media = call.account.find_media(str(media_id or ""), call.world.now, "image", "thumb")
    if not media.permanent:
        raise ApiError(40007)


CHECKS = {"news": news, "newspic": newspic}


def wanted(call: Call) -> Draft:
    try:
        return call.account.newsroom.drafts[call.text("media_id", 40007)]
    except KeyError:
        raise ApiError(40007) from None


@api("POST", "/cgi-bin/draft/add")
def add(call: Call) -> Answer:
    articles = call.body.get("articles")
    if not articles:
        raise ApiError(44003)
    if not isinstance(articles, list):
        raise ApiError(47001)
    if len(articles) > MOST:
        raise ApiError(45008)
    kept = [checked(call, each) for each in articles]
    draft = Draft(secrets.token_urlsafe(48), kept, int(call.world.now))
    call.account.newsroom.drafts[draft.media_id] = draft
    return {"media_id": draft.media_id}


@api("POST", "/cgi-bin/draft/get")
def get(call: Call) -> Answer:
    return {"news_item": wanted(call).articles}


@api("POST", "/cgi-bin/draft/update")
def update(call: Call) -> Answer:
    draft, index = wanted(call), call.number("index")
    if not 0 <= index < len(draft.articles):
        raise ApiError(40114)
    draft.articles[index] = checked(call, call.body.get("articles"))
    draft.updated_at = int(call.world.now)
    return OK


@api("POST", "/cgi-bin/draft/delete")
def delete(call: Call) -> Answer:
    del call.account.newsroom.drafts[wanted(call).media_id]
    return OK


@api("GET", "/cgi-bin/draft/count")
def count(call: Call) -> Answer:
    return {"total_count": len(call.account.newsroom.drafts)}


@api("POST", "/cgi-bin/draft/switch", also="GET")
def switch(call: Call) -> Answer:
    """Answers that the draft box is open: it is open for all accounts and cannot be closed again."""
    return {**OK, "is_open": 1}


@api("POST", "/cgi-bin/draft/batchget")
def page(call: Call) -> Answer:
    found = sorted(call.account.newsroom.drafts.values(), key=lambda each: -each.updated_at)
    return paged(call, found, lambda each: {"media_id": each.media_id})


def paged(call: Call, found: list[Any], key: Any) -> Answer:
    """Returns a page of drafts or publications, newest first.

    Raises 40035 unless the count is 1 to 20.
    """
    offset, size = call.number("offset"), call.number("count")
    if offset < 0 or not 1 <= size <= 20:
        raise ApiError(40035)
    bare = bool(call.body.get("no_content"))
    items = [
        {
            **key(each),
            "content": {"news_item": [{**one, "content": ""} if bare else one for one in each.articles]},
            "update_time": each.updated_at,
        }
        for each in found[offset : offset + size]
    ]
    return {"total_count": len(found), "item_count": len(items), "item": items}
