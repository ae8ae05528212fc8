"""The files that processes count in, side by side, and what is left of those that have ended.

Every process has files of its own, named after its number. What an ended process counted has to stay, or the
sums would fall; its files must not, or there would be more of them with every restart. So they are added up
in one file each kind, under the number of a process that never is.
"""

import fcntl
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

from prometheus_client import mmap_dict

# The library leaves it untyped.
MmapedDict: Any = mmap_dict.MmapedDict

NOBODY = 0


def merge_dead(folder: Path) -> int:
    """Adds up what ended processes counted, and delete their files; returns how many files that were."""
    with (folder / "lock").open("a") as lock:
        # Whoever asks meanwhile would find some of it twice, or not at all.
        fcntl.flock(lock, fcntl.LOCK_EX)
        dead: dict[str, list[Path]] = defaultdict(list)
        for path in folder.glob("*_*.db"):
            kind, _, number = path.stem.rpartition("_")
            if number.isdecimal() and int(number) != NOBODY and not _lives(int(number)):
                dead[kind].append(path)
        for kind, paths in dead.items():
            _merge(folder / f"{kind}_{NOBODY}.db", paths)
        return sum(map(len, dead.values()))


def _merge(into: Path, paths: list[Path]) -> None:
    sums: dict[str, float] = defaultdict(float)
    for path in [*paths, into] if into.exists() else paths:
        for key, value, _at, _position in MmapedDict.read_all_values_from_file(str(path)):
            sums[key] += value
    draft = into.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    values = MmapedDict(str(draft))
    for key, value in sums.items():
        values.write_value(key, value, 0.0)
    values.close()
    draft.replace(into)
    for path in paths:
        path.unlink()


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
