"""The calls for temporary media (3 days) and permanent material. WeChat reference 12.1 and 12.2."""

import datetime
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from wechat.sdk.answers import length, needed, needed_number, rows, seconds, text
from wechat.sdk.client import Client
from wechat.sdk.transport import Download

Kind = Literal["image", "voice", "video", "thumb"]
PAGE = 20
# No such material, or no longer.
UNKNOWN = 40007
ADD = "/cgi-bin/material/add_material"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to send: its name, bytes and content type."""

    filename: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Permanent:
    """A file that was added to the library; the url is of pictures only."""

    media_id: str
    url: str


def upload_temporary(client: Client, kind: Kind, upload: Upload) -> str:
    """Uploads a file; returns its media_id, valid for 3 days and any number of uses."""
    answer = client.upload("/cgi-bin/media/upload", _files(upload), params={"type": kind})
    # Older platform text calls it by the second name for thumbs.
    return text(answer, "media_id") or needed(answer, "thumb_media_id", "/cgi-bin/media/upload")


def get_temporary(client: Client, media_id: str) -> Download:
    """Downloads a temporary file; for a video ``json`` holds ``{"video_url": ...}`` instead."""
    return client.download("/cgi-bin/media/get", {"media_id": media_id})


def add_permanent(
    client: Client, kind: Kind, upload: Upload, title: str = "", introduction: str = ""
) -> Permanent:
    """Adds a file to the library; videos carry a title and an introduction."""
    description = json.dumps({"title": title, "introduction": introduction}, ensure_ascii=False)
    fields = {"description": description} if kind == "video" else None
    answer = client.upload(ADD, _files(upload), fields, {"type": kind})
    return Permanent(needed(answer, "media_id", ADD), text(answer, "url"))


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One file of the permanent library; the url is of pictures only."""

    media_id: str
    name: str
    url: str
    updated_at: datetime.datetime


@dataclass(frozen=True, slots=True)
class MediaPage:
    """A page of the library; ``length`` is 0 after the last one, and counts what nobody can read, too."""

    items: Sequence[MediaItem]
    length: int


def listed(client: Client, kind: str, offset: int) -> MediaPage:
    """Returns up to twenty files of image, voice or video, the newest first."""
    wanted = {"type": kind, "offset": offset, "count": PAGE}
    answer = client.post("/cgi-bin/material/batchget_material", wanted)
    items = [
        MediaItem(
            text(each, "media_id"),
            text(each, "name"),
            text(each, "url"),
            datetime.datetime.fromtimestamp(seconds(each, "update_time"), tz=datetime.UTC),
        )
        for each in rows(answer, "item")
        if text(each, "media_id")
    ]
    return MediaPage(items, length(answer, "item"))


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
    api = "/cgi-bin/media/uploadimg"
    return needed(client.upload(api, _files(upload)), "url", api)


def counts(client: Client) -> dict[str, int]:
    """Returns how much permanent material there is, by kind: voice, video, image, news."""
    api = "/cgi-bin/material/get_materialcount"
    answer, kinds = client.get(api), ("image", "voice", "video", "news")
    return {kind: needed_number(answer, f"{kind}_count", api) for kind in kinds}


def _files(upload: Upload) -> dict[str, tuple[str, bytes, str]]:
    return {"media": (upload.filename, upload.body, upload.content_type)}
