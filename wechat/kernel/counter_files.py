"""The metric files of several processes, and the merging of the files of ended processes.

Each process has its own files, named after its process id. The counts of an ended process have to stay, or
sums would fall; its files must not stay, or each restart would add some. So they are merged into one file per
kind of metric, under a process id that no process has.

The library writes into sparse files. If the disk is full, that kills the process (SIGBUS). So
``AllocatedDict`` allocates its space first; if there is none, it counts in memory, which other processes do
not see.
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
    """The library's file-backed dictionary with its space allocated on disk, or else in memory."""

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
    """Makes the library use ``AllocatedDict`` for metrics from now on."""
    values.MmapedDict = AllocatedDict  # type: ignore[attr-defined]  # as it imports it


def _has_room_for(filename: str) -> bool:
    try:
        with Path(filename).open("ab") as file:
            return is_allocated(file.fileno(), max(FIRST_SIZE, os.fstat(file.fileno()).st_size))
    except OSError:
        return False


def collected(folder: Path) -> list[Metric]:
    """Returns the metrics of all processes, and merges the files of those that have ended."""
    with (folder / "lock").open("a") as lock:
        # A reader during a merge would count some files twice or not at all.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _merge_dead(folder)
        files = [str(path) for path in folder.glob("*_*.db") if _holds_something(path)]
        return list(MultiProcessCollector.merge(files, accumulate=True))  # type: ignore[no-untyped-call]  # untyped


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
    """Returns whether the file is not empty; the library cannot read an empty one."""
    return path.stat().st_size > 0


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
