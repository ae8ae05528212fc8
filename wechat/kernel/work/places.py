"""The processes of a worker that may do bulk work, so that interactive work always finds one.

A place is a locked file: it is free again the moment its process ends, however that happens.
"""

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


class ProcessPlaces:
    """The places for bulk work, as many as were set before the worker's processes were forked.

    Where none were set there is no limit.
    """

    def __init__(self) -> None:
        self._files: list[Path] = []

    def limit(self, folder: Path, number: int) -> None:
        """Lets so many processes do bulk work at a time; ``folder`` is the worker's own."""
        self._files = [folder / f"bulk-{index}" for index in range(number)]

    @contextmanager
    def one(self) -> Iterator[bool]:
        """Takes a place while the block lasts; ``False`` if all are taken."""
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
