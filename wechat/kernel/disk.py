"""Room on the disk, had before something is written, and memory where there is none."""

import os
from tempfile import SpooledTemporaryFile, TemporaryFile

# What is about to be written has room if so much has.
ROOM = 16 << 20


def is_allocated(file: int, size: int) -> bool:
    """Gives the file that size; returns whether all of it has its place on the disk."""
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
