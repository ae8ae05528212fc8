"""The limit on how many processes of a worker do bulk work, so that one is free for interactive work.

A place is a locked file, so it is free as soon as its process ends, whatever the reason.
"""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


class ProcessPlaces:
    """The places for bulk work, set before the worker forks its processes; without any there is no limit."""

    def __init__(self) -> None:
        self._files: list[Path] = []

    def limit(self, folder: Path, number: int) -> None:
        """Sets how many processes may do bulk work at a time; ``folder`` belongs to this worker."""
        self._files = [folder / f"bulk-{index}" for index in range(number)]

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Takes a place for the block; yields whether one was free."""
        with ExitStack() as held:
            yield not self._files or any(_locked(held, path) for path in self._files)


def _locked(held: ExitStack, path: Path) -> bool:
    file = path.open("a")
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.enter_context(file)
        return True
    file.close()
    return False


bulk = ProcessPlaces()
