"""Permanent material (WeChat reference 12.2)."""

from __future__ import annotations

from typing import Any

from simulator import files, strict_json
from simulator.api.calls import OK, Answer, Call, api
from simulator.api.media import as_file, received, uploaded
from simulator.errors import ApiError
from simulator.world import Media

LISTED = ("image", "voice", "video", "news")


@api("POST", "/cgi-bin/material/add_material", upload=True)
async def add(call: Call) -> Answer:
    title, introduction = description(call) if call.parameter("type") == "video" else ("", "")
    media = await received(call, files.PERMANENT)
    media.permanent, media.title, media.introduction = True, title, introduction
    if media.kind in ("image", "thumb"):
        return {"media_id": media.media_id, "url": call.world.media_url(call.account, media)}
    return {"media_id": media.media_id}


def description(call: Call) -> tuple[str, str]:
    """Returns title and introduction of an uploaded video. Raises 47001 if they are absent or not JSON."""
    try:
        payload = strict_json.loads(call.parameter("description").encode())
        return str(payload["title"]), str(payload["introduction"])
    except (ValueError, KeyError, TypeError):
        raise ApiError(47001) from None


@api("POST", "/cgi-bin/media/uploadimg", upload=True)
async def add_article_picture(call: Call) -> Answer:
    name, data = await uploaded(call)
    content_type = files.check(data, files.ARTICLE_PICTURE)
    media = call.world.add_media(call.account, "article_picture", name, content_type, data)
    media.permanent = True
    return {"url": call.world.media_url(call.account, media)}


@api("POST", "/cgi-bin/material/get_material")
def get(call: Call) -> Answer:
    media = wanted(call)
    if media.kind == "video":
        url = call.world.media_url(call.account, media)
        return {"title": media.title, "description": media.introduction, "down_url": url}
    return as_file(media)


@api("POST", "/cgi-bin/material/del_material")
def delete(call: Call) -> Answer:
    del call.account.media[wanted(call).media_id]
    return OK


def wanted(call: Call) -> Media:
    media = call.account.find_media(call.text("media_id", 41006), call.world.now, *files.PERMANENT)
    if not media.permanent:
        raise ApiError(40007)
    return media


@api("GET", "/cgi-bin/material/get_materialcount")
def count(call: Call) -> Answer:
    return {f"{kind}_count": len(library(call, kind)) for kind in LISTED}


@api("POST", "/cgi-bin/material/batchget_material")
def page(call: Call) -> Answer:
    if call.body.get("type") not in LISTED:
        raise ApiError(40004)
    offset, size = call.number("offset"), call.number("count")
    if offset < 0 or not 1 <= size <= 20:
        raise ApiError(40035)
    found = library(call, call.body["type"])
    items = [listed(call, each) for each in found[offset : offset + size]]
    return {"total_count": len(found), "item_count": len(items), "item": items}


def library(call: Call, kind: str) -> list[Media]:
    """Returns the permanent files of a kind, the newest first."""
    return [each for each in reversed(call.account.media.values()) if each.permanent and each.kind == kind]


def listed(call: Call, media: Media) -> dict[str, Any]:
    item = {"media_id": media.media_id, "name": media.name, "update_time": media.created_at}
    return {**item, "url": call.world.media_url(call.account, media)} if media.kind == "image" else item
