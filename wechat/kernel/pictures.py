"""The reading of pictures from outside: their size is checked before decoding, and few formats are read."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.core.files.base import ContentFile, File
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from wechat.kernel import files

# Of Pillow's many readers, those for pictures that staff and followers have.
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
# 6,000 × 6,000; decoded, and copied once, they take 300 MB.
MOST_PIXELS = 36_000_000
# The modes with colours of a screen.
COLOURED = frozenset({"RGB", "RGBA", "P"})
# Everybody's computer makes these, and WeChat does not take them everywhere.
CONVERTED = frozenset({"image/webp", "image/bmp"})
# What Pillow raises for a damaged picture, by the place of the damage.
DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, OverflowError, struct.error, zlib.error,
)  # fmt: skip
TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class UnreadablePicture(Exception):
    """The error for a picture that cannot be read or converted; its message is a sentence for staff."""


class TooManyPixels(UnreadablePicture):
    """The error for a picture that would take too much memory once decoded."""


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Image.Image]:
    """Yields the picture before it is decoded.

    Raises ``TooManyPixels``, and ``UnreadablePicture``, also while the block decodes the picture.
    """
    try:
        file.seek(0)
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _too_many()
            # Telephones add further pictures to a JPG, of depth or of brightness, for those who know of them.
            if picture.format == "MPO":
                picture.format = "JPEG"
            yield picture
    except TOO_LARGE:
        raise _too_many() from None
    except DAMAGED as error:
        raise UnreadablePicture(_("This picture cannot be read: save it again as PNG or JPG.")) from error


def size_of(file: IO[bytes]) -> tuple[int, int]:
    """Returns width and height without decoding the picture. Raises ``UnreadablePicture``."""
    with opened(file) as picture:
        return picture.size


def small(file: IO[bytes], side: int) -> bytes:
    """Returns a WebP of at most ``side`` pixels a side. Raises ``UnreadablePicture``."""
    with opened(file) as picture:
        picture.draft("RGB", (side, side))
        picture.thumbnail((side, side))
        ImageOps.exif_transpose(picture, in_place=True)
        body = io.BytesIO()
        _in_eight_bits(picture).convert("RGBA").save(body, "WEBP", quality=80)
    return body.getvalue()


def is_animated(picture: Image.Image) -> bool:
    """Returns whether it has more than one frame, of which a JPG shows only the first."""
    return picture.format != "JPEG" and bool(getattr(picture, "is_animated", False))


def upright(picture: Image.Image) -> Image.Image:
    """Returns the picture turned upright by its EXIF orientation, in RGB on white and without metadata."""
    ImageOps.exif_transpose(picture, in_place=True)
    picture = _in_eight_bits(picture)
    # A profile of printing colours, or of greys, says nothing about the colours of a screen.
    profile = picture.info.get("icc_profile") if picture.mode in COLOURED else None
    if picture.has_transparency_data:
        shown = picture.convert("RGBA")
        picture = Image.new("RGBA", shown.size, "white")
        picture.alpha_composite(shown)
    picture.info = {"icc_profile": profile} if profile else {}
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    """Returns a grey picture of sixteen bits, as of scanners, in eight; any other picture as it is.

    Converted to colours as it is, all of it would be white but for what is nearly black.
    """
    if not picture.mode.startswith("I;16"):
        return picture
    picture.info.pop("transparency", None)
    return picture.point(lambda value: value / 256).convert("L")


def converted(file: File[bytes]) -> File[bytes]:
    """Returns a WebP or BMP as PNG, or as JPG if it is a photograph; any other file as it is.

    Raises ``UnreadablePicture``.
    """
    file.seek(0)
    found = files.content_type(file.read(files.HEAD_BYTES))
    file.seek(0)
    if found not in CONVERTED:
        return file
    body = io.BytesIO()
    with opened(file) as picture:
        if is_animated(picture):
            raise UnreadablePicture(_("An animated WebP cannot be converted: save it as GIF."))
        ImageOps.exif_transpose(picture, in_place=True)
        # WebP is mostly used for photographs, unless something shines through it.
        form = "JPEG" if found == "image/webp" and not picture.has_transparency_data else "PNG"
        picture.save(body, form, quality=92)
    return ContentFile(body.getvalue(), name=f"{file.name}.{'jpg' if form == 'JPEG' else 'png'}")


def _too_many() -> TooManyPixels:
    sentence = _("The picture has too many pixels: make it smaller, %(most)s in all at most.")
    return TooManyPixels(sentence % {"most": f"{MOST_PIXELS:,}"})
