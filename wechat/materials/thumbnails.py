"""The thumbnails of the library, made once and kept, so that a picker is quick."""

from pathlib import PurePath

from django.core.files.base import ContentFile
from django.db.models.fields.files import FieldFile
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from wechat.kernel import files, pictures
from wechat.materials.models import Asset

SIDE = 240
ICONS = {Asset.Kind.VOICE: "mic", Asset.Kind.VIDEO: "movie"}
PICTURES = frozenset({Asset.Kind.IMAGE, Asset.Kind.THUMB})


def small(asset: Asset) -> str:
    """Returns the address of the file's small picture; empty for what has none."""
    return reverse("admin:materials_asset_small", args=[asset.pk]) if asset.kind in PICTURES else ""


def icon_of(asset: Asset) -> str:
    return ICONS.get(Asset.Kind(asset.kind), "image")


def response(asset: Asset) -> HttpResponseBase:
    """Returns the file's small picture, made if it is the first time.

    What cannot be read is returned as it is.
    """
    name, storage = _name(asset.file), asset.file.storage
    if not storage.exists(name):
        try:
            _make(asset.file, name)
        except (pictures.UnreadablePicture, FileNotFoundError):
            return files.response(asset.file, asset.content_type)
    with storage.open(name) as file:
        answer = HttpResponse(file.read(), content_type="image/webp")
    answer["Cache-Control"] = "private, max-age=86400"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def delete(file: FieldFile) -> None:
    """Deletes the small picture of a file, if there is one."""
    file.storage.delete(_name(file))


def _make(file: FieldFile, name: str) -> None:
    with file.open("rb") as opened:
        body = pictures.small(opened, SIDE)
    saved = file.storage.save(name, ContentFile(body))
    if saved != name:
        # Somebody else was looking, and made it first.
        file.storage.delete(saved)


def _name(file: FieldFile) -> str:
    """Returns the name of the small picture, which all accounts that use the file have in common."""
    return str(PurePath(str(file.name)).with_suffix(".small.webp"))
