"""The detection of file formats, and the platform's rules for files (WeChat reference 12.1, 12.2)."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.errors import ApiError

MB = 1024 * 1024
TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "amr": "audio/amr",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "wma": "audio/x-ms-wma",
    "mp4": "video/mp4",
}
BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpg"),
    (b"GIF8", "gif"),
    (b"BM", "bmp"),
    (b"#!AMR", "amr"),
    (b"ID3", "mp3"),
    (b"RIFF", "wav"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma"),
)
# frame bytes of each AMR narrow-band mode; a frame lasts 20 ms
AMR_FRAMES = (13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1)
AMR_HEADER = b"#!AMR\n"


@dataclass(frozen=True, slots=True)
class Rule:
    largest: int
    formats: tuple[str, ...]
    too_large: int


TEMPORARY = {
    "image": Rule(10 * MB, ("png", "jpg", "gif"), 40009),
    "voice": Rule(2 * MB, ("amr", "mp3"), 40010),
    "video": Rule(10 * MB, ("mp4",), 40011),
    "thumb": Rule(64 * 1024, ("jpg",), 40012),
}
PERMANENT = {
    "image": Rule(10 * MB, ("bmp", "png", "jpg", "gif"), 40009),
    "voice": Rule(2 * MB, ("mp3", "wma", "wav", "amr"), 40010),
    "video": Rule(10 * MB, ("mp4",), 40011),
    "thumb": Rule(64 * 1024, ("jpg",), 40012),
}
ARTICLE_PICTURE = Rule(MB, ("jpg", "png"), 40009)


def file_format(data: bytes) -> str:
    """Returns the format of a file by its first bytes, such as "png"; empty if it is unknown."""
    for beginning, name in BEGINNINGS:
        if data.startswith(beginning):
            return name
    if data[4:8] == b"ftyp":
        return "mp4"
    return "mp3" if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0 else ""


def check(data: bytes, rule: Rule) -> str:
    """Returns the content type of a file that the rule accepts.

    Raises 44001, 40005, 45007 or the rule's own size error.
    """
    if not data:
        raise ApiError(44001)
    name = file_format(data)
    if name not in rule.formats:
        raise ApiError(40005)
    if len(data) > rule.largest:
        raise ApiError(rule.too_large)
    if name == "amr" and amr_seconds(data) > 60:
        raise ApiError(45007)
    return TYPES[name]


def amr_seconds(data: bytes) -> float:
    frames, place = 0, len(AMR_HEADER)
    while place < len(data):
        place += AMR_FRAMES[data[place] >> 3 & 15]
        frames += 1
    return frames * 0.02
