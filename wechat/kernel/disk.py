"""The allocation of disk space before writing, and temporary content that stays in memory without it."""

import os
from tempfile import SpooledTemporaryFile, TemporaryFile

# The free space on disk that is enough for one temporary file.
ROOM = 16 << 20


def is_allocated(file: int, size: int) -> bool:
    """Grows the file to that size; returns whether the disk has space for all of it."""
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file, 0, size)
        else:
            os.ftruncate(file, size)
    except OSError:
        return False
    return True


class TemporaryContent(SpooledTemporaryFile[bytes]):
    """A file kept in memory while it is small, then in a temporary file, unless the disk is full."""

    def rollover(self) -> None:
        if _has_room():
            super().rollover()


def _has_room() -> bool:
    try:
        with TemporaryFile() as file:
            return is_allocated(file.fileno(), ROOM)
    except OSError:
        return False
