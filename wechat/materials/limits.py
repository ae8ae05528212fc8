"""The platform's limits of files, checked before anything is sent.

Reference: WeChat reference 12.2 Permanent material.
"""

import io
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.files import File
from django.utils.translation import gettext as _

from wechat.console.phrases import listed
from wechat.kernel import files, pictures
from wechat.materials.models import Asset

KB, MB = 1024, 1024 * 1024
LONGEST_VOICE = 60.0

# The length of an AMR frame by the mode in its first byte; each holds 20 ms.
AMR_FRAME_BYTES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
AMR_FRAME_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Limit:
    largest: int
    types: frozenset[str]


LIMITS: Mapping[str, Limit] = {
    Asset.Kind.IMAGE: Limit(10 * MB, frozenset({"image/png", "image/jpeg", "image/gif", "image/bmp"})),
    Asset.Kind.VOICE: Limit(2 * MB, frozenset({"audio/mpeg", "audio/x-ms-wma", "audio/wav", "audio/amr"})),
    Asset.Kind.VIDEO: Limit(10 * MB, frozenset({"video/mp4"})),
    Asset.Kind.THUMB: Limit(64 * KB, frozenset({"image/jpeg"})),
}


def converted(kind: str, file: File[bytes]) -> File[bytes]:
    """Returns a picture in a format that WeChat accepts everywhere. Raises ``ValidationError``."""
    if kind != Asset.Kind.IMAGE:
        return file
    _check_size(LIMITS[kind], file.size)
    try:
        return pictures.converted(file)
    except pictures.UnreadablePicture as error:
        raise ValidationError(str(error)) from None


def check(kind: str, file: File[bytes]) -> str:
    """Returns the content type of a file that the platform accepts.

    Raises ``ValidationError`` with what to change.
    """
    limit = LIMITS[kind]
    _check_size(limit, file.size)
    file.seek(0)
    head = file.read(files.HEAD_BYTES)
    found = files.content_type(head)
    if found not in limit.types:
        formats = listed(sorted(files.extension(name).upper() for name in limit.types))
        raise ValidationError(
            _("WeChat takes %(formats)s here: save the file in one of these formats."),
            params={"formats": formats},
        )
    if found.startswith("image/"):
        _check_pixels(file)
    if kind == Asset.Kind.VOICE:
        file.seek(0)
        _check_length(found, file.read())
    file.seek(0)
    return found


def _check_size(limit: Limit, size: int) -> None:
    if not size:
        raise ValidationError(_("The file is empty; choose another one."))
    if size > limit.largest:
        raise ValidationError(
            _("The file has %(size)s; WeChat takes at most %(most)s. Make it smaller."),
            params={"size": _in_units(size), "most": _in_units(limit.largest)},
        )


def _check_pixels(file: File[bytes]) -> None:
    """Raises ``ValidationError`` for a picture that would fill our memory.

    Whether a picture is damaged is left to the platform.
    """
    try:
        pictures.size_of(file)
    except pictures.TooManyPixels as error:
        raise ValidationError(str(error)) from None
    except pictures.UnreadablePicture:
        return


def _check_length(content_type: str, body: bytes) -> None:
    """Raises ``ValidationError`` for a recording that is too long, if its length can be computed.

    Other formats are left to the platform.
    """
    measure = LENGTHS.get(content_type)
    seconds = measure(body) if measure else 0.0
    if seconds > LONGEST_VOICE:
        raise ValidationError(
            _("The recording takes %(seconds)s seconds; WeChat takes at most 60. Cut it."),
            params={"seconds": round(seconds)},
        )


def _amr_seconds(body: bytes) -> float:
    place, frames = len(b"#!AMR\n"), 0
    while place < len(body):
        place += AMR_FRAME_BYTES[body[place] >> 3 & 15]
        frames += 1
    return frames * AMR_FRAME_SECONDS


def _wav_seconds(body: bytes) -> float:
    try:
        with wave.open(io.BytesIO(body)) as recording:
            return float(recording.getnframes() / recording.getframerate())
    except (wave.Error, EOFError, ZeroDivisionError):
        raise ValidationError(_("The recording is damaged; choose another file.")) from None


LENGTHS: Mapping[str, Callable[[bytes], float]] = {"audio/amr": _amr_seconds, "audio/wav": _wav_seconds}


def _in_units(size: int) -> str:
    return f"{size / MB:.1f} MB" if size >= MB else f"{-(-size // KB)} KB"
