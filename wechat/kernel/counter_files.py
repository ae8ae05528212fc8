"""The files that processes count in, side by side, and what is left of those that have ended.

Every process has files of its own, named after its number. What an ended process counted has to stay, or the
sums would fall; its files must not, or there would be more of them with every restart. So they are added up
in one file each kind, under the number of a process that never is.

The library writes into files that have no room on the disk yet. On a full one that ends the process (SIGBUS),
so ``AllocatedDict`` has its room first, and counts in memory, where nobody else sees it, while there is none.
"""

import fcntl
import mmap
import os
import struct
from collections import defaultdict
from pathlib import Path
from typing import IO, Any

from prometheus_client import mmap_dict, values
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from wechat.kernel.disk import is_allocated

# The library leaves it untyped.
MmapedDict: Any = mmap_dict.MmapedDict

NOBODY = 0
FIRST_SIZE, FIRST_ENTRY = 1 << 16, 8
# Of an entry besides its key: its length, what it is filled up with, and two numbers.
BESIDE_KEY = 28


class AllocatedDict(MmapedDict):  # type: ignore[misc]  # untyped
    """The library's, with its room on the disk, or in memory where there is none."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if read_mode or _has_room_for(filename):
            super().__init__(filename, read_mode)
            return
        self._f: IO[bytes] | None = None
        self._fname, self._positions = filename, dict[str, int]()
        self._capacity, self._used = FIRST_SIZE, FIRST_ENTRY
        self._m = mmap.mmap(-1, self._capacity)
        struct.pack_into("i", self._m, 0, self._used)

    @property
    def is_on_disk(self) -> bool:
        return self._f is not None

    def _init_value(self, key: str) -> None:
        while self._used + len(key.encode()) + BESIDE_KEY > self._capacity:
            self._grow(2 * self._capacity)
        super()._init_value(key)

    def _grow(self, size: int) -> None:
        if self._f is not None and is_allocated(self._f.fileno(), size):
            self._m = mmap.mmap(self._f.fileno(), size)
        else:
            content = self._m[:]
            self.close()
            self._m = mmap.mmap(-1, size)
            self._m[: len(content)] = content
        self._capacity = size


def use_allocated_files() -> None:
    """Has whatever is counted from now on be in such files."""
    values.MmapedDict = AllocatedDict  # type: ignore[attr-defined]  # as it imports it


def _has_room_for(filename: str) -> bool:
    try:
        with Path(filename).open("ab") as file:
            return is_allocated(file.fileno(), max(FIRST_SIZE, os.fstat(file.fileno()).st_size))
    except OSError:
        return False


def collected(folder: Path) -> list[Metric]:
    """Returns what all processes counted, and adds up the files of those that have ended."""
    with (folder / "lock").open("a") as lock:
        # Whoever reads while another adds up would find some of it twice, or not at all.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _merge_dead(folder)
        files = [str(path) for path in folder.glob("*_*.db") if _holds_something(path)]
        return list(MultiProcessCollector.merge(files, accumulate=True))  # type: ignore[no-untyped-call]


def _merge_dead(folder: Path) -> None:
    dead: dict[str, list[Path]] = defaultdict(list)
    for path in folder.glob("*_*.db"):
        kind, _, number = path.stem.rpartition("_")
        if number.isdecimal() and int(number) != NOBODY and not _lives(int(number)):
            dead[kind].append(path)
    for kind, paths in dead.items():
        _merge(folder / f"{kind}_{NOBODY}.db", paths)


def _merge(into: Path, paths: list[Path]) -> None:
    sums: dict[str, float] = defaultdict(float)
    for path in [*paths, into] if into.exists() else paths:
        if not _holds_something(path):
            continue
        for key, value, _at, _position in MmapedDict.read_all_values_from_file(str(path)):
            sums[key] += value
    draft = into.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    merged = AllocatedDict(str(draft))
    for key, value in sums.items():
        merged.write_value(key, value, 0.0)
    if not merged.is_on_disk:
        # Another time: the files that are there say the same.
        draft.unlink()
        return
    merged.close()
    draft.replace(into)
    for path in paths:
        path.unlink()


def _holds_something(path: Path) -> bool:
    """Returns whether its process got as far as to make room in it; the library reads no empty file."""
    return path.stat().st_size > 0


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
