"""The sample pictures, voice and video of every phone."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from simulator import files

FOLDER = Path(__file__).parent / "static" / "samples"
FIRST = {"image": "lake.jpg", "voice": "voice.amr", "video": "waves.mp4", "thumb": "thumb.jpg"}
NAMES = {"image": ("lake.jpg", "tea.jpg", "poster.jpg"), "voice": ("voice.amr",), "video": ("waves.mp4",)}


@cache
def speex() -> bytes:
    """Returns the voice sample in the platform's format for JS-SDK recordings: wideband frames, 16 kHz."""
    return (FOLDER / "voice.speex").read_bytes()


@cache
def load(kind: str, name: str) -> tuple[str, str, bytes]:
    """Returns name, content type and bytes of a sample; for an unknown name, the first one of its kind."""
    name = name if name in NAMES.get(kind, ()) else FIRST[kind]
    data = (FOLDER / name).read_bytes()
    return name, files.TYPES[files.file_format(data)], data
