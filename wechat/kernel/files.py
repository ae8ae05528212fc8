"""The handling of files from outside: their type is detected, and they are served so that none can run.

The claimed name and type of a file are not believed; its first bytes decide.
"""

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404

HEAD_BYTES = 16
UNKNOWN = "application/octet-stream"

EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "image/webp": "webp",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/x-ms-wma": "wma",
    "video/mp4": "mp4",
}
BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "audio/x-ms-wma"),
)
# A container, whose kind is at its ninth byte.
RIFF = {b"WAVE": "audio/wav", b"WEBP": "image/webp"}
# Of the files with the container of MP4: QuickTime's (.mov), sounds (.m4a), and pictures (.heic, .avif).
NO_VIDEO = frozenset({b"qt ", b"M4A", b"hei", b"hev", b"mif", b"msf", b"avi"})
# What browsers show by themselves; everything else is a download.
SHOWN = frozenset(EXTENSIONS) - {"audio/amr", "audio/x-ms-wma"}


def content_type(head: bytes) -> str:
    """Returns a file's type by its first ``HEAD_BYTES``; ``UNKNOWN`` for any type that is not supported."""
    for beginning, name in BEGINNINGS:
        if head.startswith(beginning):
            return name
    if head[:4] == b"RIFF" and head[8:12] in RIFF:
        return RIFF[head[8:12]]
    if head[4:8] == b"ftyp":
        return UNKNOWN if head[8:11] in NO_VIDEO else "video/mp4"
    # An MPEG audio frame begins with eleven set bits and names a layer.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "audio/mpeg"
    return UNKNOWN


def extension(kind: str) -> str:
    return EXTENSIONS.get(kind, "bin")


def response(file: FieldFile, kind: str) -> FileResponse:
    """Returns a file for a member of staff whose right to it was checked.

    Raises ``Http404`` if it is gone.
    """
    shown = kind in SHOWN
    name = str(file.name).rpartition("/")[2]
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    answer = FileResponse(
        opened, as_attachment=not shown, filename=name, content_type=kind if shown else UNKNOWN
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; media-src 'self'; sandbox"
    answer["Cache-Control"] = "private, max-age=3600"
    return answer
