"""Temporary media (WeChat reference 12.1)."""

from __future__ import annotations

from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import Response

from simulator import files, samples
from simulator.api.calls import Answer, Call, api, verified
from simulator.errors import ApiError
from simulator.world import Media


@api("POST", "/cgi-bin/media/upload", upload=True)
async def upload(call: Call) -> Answer:
    media = await received(call, files.TEMPORARY)
    name = "thumb_media_id" if media.kind == "thumb" else "media_id"
    return {"type": media.kind, name: media.media_id, "created_at": media.created_at}


async def received(call: Call, rules: dict[str, files.Rule]) -> Media:
    """Stores an uploaded file. Raises 40004 for an unknown type, 41005 without a file, or a rule's error."""
    kind = call.parameter("type")
    if kind not in rules:
        raise ApiError(40004)
    name, data = await uploaded(call)
    return call.world.add_media(call.account, kind, name, files.check(data, rules[kind]), data)


async def uploaded(call: Call) -> tuple[str, bytes]:
    file = call.form.get("media")
    if not isinstance(file, UploadFile):
        raise ApiError(41005)
    return file.filename or "media", await file.read()


@api("GET", "/cgi-bin/media/get")
def download(call: Call) -> Answer:
    media_id = call.query.get("media_id")
    if not media_id:
        raise ApiError(41006)
    media = call.account.find_media(media_id, call.world.now)
    if media.permanent:
        raise ApiError(40007)
    if media.kind == "video":
        return {"video_url": call.world.media_url(call.account, media)}
    return as_file(media)


@api("GET", "/cgi-bin/media/get/jssdk", right=verified)
def download_speex(call: Call) -> Answer:
    """Returns a voice message that a page recorded with the JS-SDK. Raises 40007 for any other media."""
    media_id = call.query.get("media_id")
    if not media_id:
        raise ApiError(41006)
    media = call.account.find_media(media_id, call.world.now, "voice")
    if not media.from_jssdk:
        raise ApiError(40007)
    headers = {"Content-Disposition": f'attachment; filename="{media_id}.speex"'}
    return Response(samples.speex(), media_type="voice/speex", headers=headers)


def as_file(media: Media) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(media.name)}"
    return Response(media.data, media_type=media.content_type, headers={"Content-Disposition": disposition})
