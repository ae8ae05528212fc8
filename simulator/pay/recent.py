"""A mapping whose values expire after some time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping whose values expire after a number of seconds, by the clock of ``now``.

    If the clock is moved back, values of later times are deleted.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.kept: OrderedDict[K, tuple[float, V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self.kept)

    def add(self, key: K, value: V, now: float) -> None:
        self._expire(now)
        self.kept[key] = now, value

    def find(self, key: K, now: float) -> V | None:
        self._expire(now)
        found = self.kept.get(key)
        return None if found is None else found[1]

    def _expire(self, now: float) -> None:
        """Deletes expired values; the oldest ones are first."""
        while self.kept and not now - self.seconds < next(iter(self.kept.values()))[0] <= now:
            self.kept.popitem(last=False)
