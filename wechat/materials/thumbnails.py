"""Small pictures of the library, so that a window full of them is quick."""

import io

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from PIL import Image, UnidentifiedImageError

from wechat.kernel import files
from wechat.materials.models import Asset

SIDE = 240
ICONS = {Asset.Kind.VOICE: "mic", Asset.Kind.VIDEO: "movie"}
PICTURES = frozenset({Asset.Kind.IMAGE, Asset.Kind.THUMB})


def small(asset: Asset) -> str:
    """The address of its small picture; empty for what has none."""
    return reverse("admin:materials_asset_small", args=[asset.pk]) if asset.kind in PICTURES else ""


def icon_of(asset: Asset) -> str:
    return ICONS.get(Asset.Kind(asset.kind), "image")


def response(asset: Asset) -> HttpResponseBase:
    """Its small picture, made anew each time and kept by the browser; what cannot be read as it is."""
    try:
        with asset.file.open("rb") as file, Image.open(file) as picture:
            picture.draft("RGB", (SIDE, SIDE))
            picture.thumbnail((SIDE, SIDE))
            body = io.BytesIO()
            picture.convert("RGBA").save(body, "WEBP", quality=80)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return files.response(asset.file, asset.content_type)
    answer = HttpResponse(body.getvalue(), content_type="image/webp")
    answer["Cache-Control"] = "private, max-age=86400"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
