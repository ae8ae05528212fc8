"""The calls for temporary media (3 days) and permanent material. WeChat reference 12.1 and 12.2."""

import datetime
import json
from dataclasses import dataclass
from typing import Any, Literal

from wechat.sdk.answers import number, rows, seconds, text
from wechat.sdk.client import Client
from wechat.sdk.errors import TransportError
from wechat.sdk.transport import Download

Kind = Literal["image", "voice", "video", "thumb"]
PAGE = 20
# No such material, or no longer.
UNKNOWN = 40007


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send: its name, bytes and content type."""

    filename: str
    body: bytes
    content_type: str


def upload_temporary(client: Client, kind: Kind, upload: Upload) -> str:
    """Uploads a file; returns its media_id, valid for 3 days and any number of uses."""
    answer = client.upload("/cgi-bin/media/upload", _files(upload), params={"type": kind})
    # Older platform text calls it by the second name for thumbs.
    media_id = answer.get("media_id") or answer.get("thumb_media_id")
    if not media_id:
        raise TransportError("/cgi-bin/media/upload answered no media_id", outcome_unknown=True)
    return str(media_id)


def get_temporary(client: Client, media_id: str) -> Download:
    """Downloads a temporary file; for a video ``json`` holds ``{"video_url": ...}`` instead."""
    return client.download("/cgi-bin/media/get", {"media_id": media_id})


def add_permanent(
    client: Client, kind: Kind, upload: Upload, title: str = "", introduction: str = ""
) -> dict[str, Any]:
    """Adds a file to the library. Returns ``{"media_id", "url"}``, the url for images only.

    Videos carry a title and an introduction.
    """
    description = json.dumps({"title": title, "introduction": introduction}, ensure_ascii=False)
    fields = {"description": description} if kind == "video" else None
    return client.upload("/cgi-bin/material/add_material", _files(upload), fields, {"type": kind})


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One file of the permanent library; the url is of pictures only."""

    media_id: str
    name: str
    url: str
    updated_at: datetime.datetime


def listed(client: Client, kind: str, offset: int) -> list[MediaItem]:
    """Returns up to twenty files of image, voice or video, the newest first; none after the last one."""
    wanted = {"type": kind, "offset": offset, "count": PAGE}
    answer = client.post("/cgi-bin/material/batchget_material", wanted)
    return [
        MediaItem(
            text(each, "media_id"),
            text(each, "name"),
            text(each, "url"),
            datetime.datetime.fromtimestamp(seconds(each, "update_time"), tz=datetime.UTC),
        )
        for each in rows(answer, "item")
    ]


def get_permanent(client: Client, media_id: str) -> Download:
    """Downloads a permanent file; for a video, ``json`` is ``{"title", "description", "down_url"}``."""
    return client.download("/cgi-bin/material/get_material", json_body={"media_id": media_id})


def delete(client: Client, media_id: str) -> None:
    """Deletes permanent material. Raises ApiError 48005 while it is in use."""
    client.post("/cgi-bin/material/del_material", {"media_id": media_id})


def upload_article_picture(client: Client, upload: Upload) -> str:
    """Uploads a picture for articles, JPG or PNG below 1 MB, and returns its address.

    It takes no place in the library.
    """
    answer = client.upload("/cgi-bin/media/uploadimg", _files(upload))
    if not answer.get("url"):
        raise TransportError("/cgi-bin/media/uploadimg answered no url", outcome_unknown=True)
    return str(answer["url"])


def count(client: Client) -> dict[str, int]:
    """Returns how much permanent material there is, by kind: voice, video, image, news."""
    answer = client.get("/cgi-bin/material/get_materialcount")
    return {kind: number(answer, f"{kind}_count") for kind in ("image", "voice", "video", "news")}


def _files(upload: Upload) -> dict[str, tuple[str, bytes, str]]:
    return {"media": (upload.filename, upload.body, upload.content_type)}
